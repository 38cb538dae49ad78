import { type PolicyBConfig, tick } from './config.ts';
import { cheapestOnDemand, type JobInPools, moveTo, type OnDemand, type PlaceOfJob } from './job-in-pools.ts';
import { type Outlook, outlookOf, type TablesFor, valueAfter } from './outlook.ts';
import { lifeOf } from './pool-life.ts';
import { safetyNet } from './safety-net.ts';
import type { SeenPool } from './tiers.ts';
import { modes } from './value-table.ts';

/** A place for the next tick, and the cost of finishing the job from there, in on-demand ticks. */
export interface Choice {
  readonly place: PlaceOfJob;
  readonly cost: number;
}

/**
 * What a job does until the next decision: whatever costs least with the best of its tiers. A job in Spot that sees no
 * other pools either stays in its own or leaves Spot.
 */
export function choosePlace(job: JobInPools, tablesFor: TablesFor, config: PolicyBConfig): PlaceOfJob {
  const onDemand = cheapestOnDemand(job);
  const bound = safetyNet(job, job.place.kind === 'spot' ? job : null);
  if (bound === 'keep') return job.place;
  if (bound === 'on-demand') return onDemand.place;
  const choices = weighPlaces(job, tablesFor, config);
  return choices.reduce((best, one) => (one.cost < best.cost ? one : best), {
    place: onDemand.place,
    cost: Number.POSITIVE_INFINITY,
  }).place;
}

/** The cost of each place with each tier that is cheaper than on-demand. */
export function weighPlaces(job: JobInPools, tablesFor: TablesFor, config: PolicyBConfig): Choice[] {
  const onDemand = cheapestOnDemand(job);
  return job.group.tiers.flatMap((tier) => {
    const outlook = outlookOf(job, tier, onDemand.price, tablesFor, config);
    return outlook ? choicesWith(job, outlook, onDemand, config) : [];
  });
}

function choicesWith(job: JobInPools, outlook: Outlook, onDemand: OnDemand, config: PolicyBConfig): Choice[] {
  const { place, workLeft, pools, canIdle } = job;
  const work = workAfter(job, place.kind !== 'on-demand');
  const runs = 1 + inTicks(onDemand.move, onDemand) + valueAfter(job, outlook, modes.onDemand, work, config);
  return [
    ...(canIdle
      ? [{ place: { kind: 'idle' } as const, cost: valueAfter(job, outlook, modes.idle, workLeft / tick, config) }]
      : []),
    { place: onDemand.place, cost: runs },
    ...pools
      .filter((pool) => pool.isUp && (isIn(pool, job) || isOf(outlook, pool)))
      .map((pool) => spotChoice(job, pool, outlook, onDemand, config)),
  ];
}

function spotChoice(
  job: JobInPools,
  pool: SeenPool,
  outlook: Outlook,
  onDemand: OnDemand,
  config: PolicyBConfig,
): Choice {
  const isHere = isIn(pool, job);
  const isOwn = isOf(outlook, pool);
  const work = workAfter(job, !isHere);
  const price = pool.price / onDemand.price;
  const life = Math.min(lifeOf(job.group.pools[pool.id], config), Math.max(1, work));
  // For as long as it lasts, the pool costs more or less than the average of its tier.
  const dearer = isOwn ? price * (1 + job.overhead / tick / life) - outlook.spotShare : 0;
  const move = isHere ? 0 : inTicks(moveTo(pool.region, job), onDemand);
  // From a pool outside the tier, the job continues by waiting for one in it.
  const after = valueAfter(job, outlook, isOwn ? modes.spot : modes.idle, work, config);
  return { place: { kind: 'spot', pool: pool.id }, cost: price + move + (life - 1) * dearer + after };
}

const isIn = ({ id }: SeenPool, { place }: JobInPools) => place.kind === 'spot' && place.pool === id;
const isOf = ({ tier }: Outlook, { id }: SeenPool) => tier.pools.includes(id);

/** Ticks of work left after a tick in which the job runs. */
const workAfter = ({ workLeft, overhead, overheadLeft }: JobInPools, launches: boolean) =>
  (workLeft + (launches ? overhead : overheadLeft)) / tick - 1;

/** Converts USD to on-demand ticks. */
const inTicks = (usd: number, { price }: OnDemand) => usd / price / (tick / 3600);
