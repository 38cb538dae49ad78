import { idle, type Job, type JobPlace, type JobPolicy, type JobSight, type JobWorld } from './job-world.ts';

/** Simple policies for jobs. They take the cheapest pool that is up, and stay in it until it is lost. */

type Rule = (world: JobWorld, job: Job, sight: JobSight) => 'idle' | 'spot' | 'on-demand';

const asPolicy =
  (rule: Rule) =>
  (world: JobWorld, job: Job): JobPolicy =>
  (sight) => {
    const wish = rule(world, job, sight);
    if (wish === sight.place.kind) return sight.place;
    if (wish === 'on-demand') return cheapestOnDemand(world, job, sight);
    const pool = wish === 'spot' ? cheapestUp(world, sight) : undefined;
    return pool === undefined ? idle : { kind: 'spot', pool };
  };

/** The cheapest pool that is up. Between equal prices, prefers the region of the last launch. */
export function cheapestUp({ pools }: JobWorld, sight: JobSight): number | undefined {
  const away = (pool: number) => Number(pools[pool]!.region !== sight.region);
  return pools
    .map((_, pool) => pool)
    .filter((pool) => sight.isUp(pool) === true)
    .sort((a, b) => sight.price(a) - sight.price(b) || away(a) - away(b))[0];
}

/** The region in which finishing the job on-demand costs least. */
export function cheapestOnDemand({ regions, regionMove }: JobWorld, job: Job, sight: JobSight): JobPlace {
  const hours = (job.work - sight.done + job.overhead) / 3600;
  const costs = regions.map(
    ({ onDemandPrice }, region) =>
      onDemandPrice * hours + (sight.region === null || sight.region === region ? 0 : regionMove),
  );
  return { kind: 'on-demand', region: costs.indexOf(Math.min(...costs)) };
}

const hasSpot = ({ pools }: JobWorld, sight: JobSight) => pools.some((_, pool) => sight.isUp(pool) === true);

export const jobOnDemand = asPolicy(() => 'on-demand');

/** Spot whenever a pool is up, on-demand when the deadline requires it. */
export const jobGreedy = asPolicy((world, job, sight) => {
  const bound = guard(world, job, sight);
  if (bound) return bound;
  if (sight.place.kind === 'spot' || hasSpot(world, sight)) return 'spot';
  return sight.place.kind;
});

/** The same for a job that cannot pause: on-demand while no pool is up. */
export const jobAlwaysRunning = asPolicy((world, job, sight) => {
  const { tickSeconds } = world;
  const needs = job.work - sight.done + 2 * job.overhead + tickSeconds;
  if (sight.place.kind === 'spot') return 'spot';
  return hasSpot(world, sight) && needs < job.deadline - sight.elapsed ? 'spot' : 'on-demand';
});

/** Divides the time into slices of some hours, each of which has to complete its share of the work. */
export const jobSliced = (hours: number) =>
  asPolicy((world, job, sight) => {
    const bound = guard(world, job, sight);
    if (bound) return bound;
    if (sight.place.kind === 'spot') return 'spot';
    const slice = hours * 3600;
    const end = Math.min((Math.floor(sight.elapsed / slice) + 1) * slice, job.deadline);
    const need = (job.work * end) / job.deadline - sight.done;
    const left = end - sight.elapsed;
    const mustStay = sight.place.kind === 'on-demand' && need + 2 * job.overhead > left;
    if (hasSpot(world, sight) && !mustStay) return 'spot';
    return need + job.overhead >= left - world.tickSeconds ? 'on-demand' : 'idle';
  });

/** Returns on-demand if the deadline leaves no other choice. */
function guard({ tickSeconds }: JobWorld, job: Job, { elapsed, done, overheadLeft, place }: JobSight) {
  const overhead = place.kind === 'idle' ? 0 : overheadLeft;
  const slack = job.deadline - elapsed - (job.work - done) - overhead;
  if (place.kind === 'on-demand' && slack < 2 * job.overhead + tickSeconds) return 'on-demand';
  if (place.kind === 'idle' && slack < 2 * job.overhead + 2 * tickSeconds) return 'on-demand';
  return undefined;
}

/**
 * Uniform Progress (Wu et al., NSDI 2024): on-demand while the job is behind an even pace, otherwise Spot or idle.
 * @param power if above 1, the pace is slower at first
 */
export const uniformProgress = (power = 1) =>
  asPolicy((world, job, sight) => {
    const { tickSeconds } = world;
    const { elapsed, done, overheadLeft, place } = sight;
    const pace = (at: number) => job.work * Math.min(1, at / job.deadline) ** power;
    const isUp = place.kind === 'spot' || hasSpot(world, sight);
    const time = Math.floor((job.deadline - elapsed) / tickSeconds) * tickSeconds;
    const needs = (launches: number) =>
      Math.ceil((job.work - done + launches * job.overhead) / tickSeconds) * tickSeconds;
    if (needs(1) >= time) return place.kind === 'spot' && overheadLeft < 1e-3 ? 'spot' : 'on-demand';
    if (needs(2) >= time && place.kind !== 'spot') return 'on-demand';
    if (place.kind === 'spot') return 'spot';
    if (place.kind === 'on-demand' && (!isUp || done <= pace(elapsed + 2 * job.overhead))) return 'on-demand';
    if (isUp) return 'spot';
    return done < pace(elapsed) ? 'on-demand' : 'idle';
  });
