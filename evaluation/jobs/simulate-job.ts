import { idle, type Job, type JobPlace, type JobPolicy, type JobSight, type JobWorld } from './job-world.ts';

export interface JobResult {
  /** USD. */
  readonly cost: number;
  readonly isDone: boolean;
  readonly launches: number;
  readonly regionMoves: number;
  readonly onDemandHours: number;
}

/** Work below this is a rounding error: the job is done. */
const epsilon = 1e-6;

/**
 * Simulates one job tick by tick. Each tick in which it runs is paid in full.
 * @param probeSeconds how often a job on-demand checks which pools are up
 * @see docs/policies.md "Jobs with a deadline"
 */
export function simulateJob(world: JobWorld, job: Job, policy: JobPolicy, probeSeconds: number): JobResult {
  const { tickSeconds } = world;
  const ticks = Math.floor(job.deadline / tickSeconds);
  const probeEvery = Math.max(1, Math.round(probeSeconds / tickSeconds));
  let place: JobPlace = idle;
  let region: number | null = null;
  let [done, overheadLeft, cost, launches, regionMoves, onDemandTicks] = [0, 0, 0, 0, 0, 0];
  for (let tick = 0; done < job.work - epsilon && tick < ticks; tick += 1) {
    const at = job.start + tick;
    const isUp = (pool: number) => world.pools[pool]!.up[at] === 1;
    if (place.kind === 'spot' && !isUp(place.pool)) place = idle;
    const wish = policy(
      sightOf(world, at, { elapsed: tick * tickSeconds, done, overheadLeft, place, region }, tick % probeEvery === 0),
    );
    const next = wish.kind === 'spot' && !isUp(wish.pool) ? idle : wish;
    if (next.kind !== 'idle' && !isSame(next, place)) {
      overheadLeft = job.overhead;
      launches += 1;
      const to: number = regionOf(world, next);
      if (region !== null && region !== to) {
        regionMoves += 1;
        cost += world.regionMove;
      }
      region = to;
    }
    place = next;
    if (place.kind === 'idle') continue;
    done += Math.max(0, tickSeconds - overheadLeft);
    overheadLeft = Math.max(0, overheadLeft - tickSeconds);
    if (place.kind === 'on-demand') onDemandTicks += 1;
    const price =
      place.kind === 'spot' ? world.pools[place.pool]!.prices[at]! : world.regions[place.region]!.onDemandPrice;
    cost += (price * tickSeconds) / 3600;
  }
  const onDemandHours = (onDemandTicks * tickSeconds) / 3600;
  return { cost, isDone: done >= job.work - epsilon, launches, regionMoves, onDemandHours };
}

const regionOf = (world: JobWorld, place: Exclude<JobPlace, { kind: 'idle' }>) =>
  place.kind === 'spot' ? world.pools[place.pool]!.region : place.region;

function isSame(a: JobPlace, b: JobPlace): boolean {
  if (a.kind === 'spot' && b.kind === 'spot') return a.pool === b.pool;
  if (a.kind === 'on-demand' && b.kind === 'on-demand') return a.region === b.region;
  return a.kind === b.kind;
}

/** An idle job sees all pools, one on Spot sees only its own, and one on-demand probes all of them at intervals. */
function sightOf({ pools }: JobWorld, at: number, job: Omit<JobSight, 'isUp' | 'price'>, isProbed: boolean): JobSight {
  const { place } = job;
  const sees = (pool: number) => place.kind === 'idle' || (place.kind === 'spot' ? place.pool === pool : isProbed);
  return {
    ...job,
    isUp: (pool) => (sees(pool) ? pools[pool]!.up[at] === 1 : undefined),
    price: (pool) => pools[pool]!.prices[at]!,
  };
}
