import type { PolicyBConfig } from '../../functions/core/decision/policy-b/config.ts';
import type { PlaceOfJob } from '../../functions/core/decision/policy-b/job-in-pools.ts';
import type { TablesFor } from '../../functions/core/decision/policy-b/outlook.ts';
import { choosePlace } from '../../functions/core/decision/policy-b/several-pools.ts';
import { type GroupRecord, recordGroup, startGroup } from '../../functions/core/decision/policy-b/tiers.ts';
import { idle, type Job, type JobPlace, type JobPolicy, type JobWorld } from './job-world.ts';

/** Policy B for a job with several pools. */
export function severalPoolsPolicy(world: JobWorld, job: Job, tablesFor: TablesFor, config: PolicyBConfig): JobPolicy {
  const { pools, regions, tickSeconds, regionMove } = world;
  let group: GroupRecord | undefined;
  return (sight) => {
    const seen = pools.map(({ id, region }, pool) => ({
      id,
      region: regions[region]!.name,
      price: sight.price(pool),
      isUp: sight.isUp(pool),
    }));
    group = recordGroup(group ?? startGroup(seen), seen, tickSeconds, config);
    return toPlace(
      world,
      choosePlace(
        {
          timeLeft: job.deadline - sight.elapsed,
          workLeft: job.work - sight.done,
          overhead: job.overhead,
          period: tickSeconds,
          canIdle: true,
          place: fromPlace(world, sight.place),
          overheadLeft: sight.place.kind === 'idle' ? 0 : sight.overheadLeft,
          region: sight.region === null ? null : regions[sight.region]!.name,
          regionMove,
          regions: regions.map(({ name, onDemandPrice }) => ({ id: name, onDemandPrice })),
          pools: seen,
          group,
        },
        tablesFor,
        config,
      ),
    );
  };
}

/** Converts a place to the names that policies use. */
export function fromPlace({ pools, regions }: JobWorld, place: JobPlace): PlaceOfJob {
  if (place.kind === 'spot') return { kind: 'spot', pool: pools[place.pool]!.id };
  if (place.kind === 'on-demand') return { kind: 'on-demand', region: regions[place.region]!.name };
  return place;
}

export function toPlace({ pools, regions }: JobWorld, place: PlaceOfJob): JobPlace {
  if (place.kind === 'spot') return { kind: 'spot', pool: pools.findIndex(({ id }) => id === place.pool) };
  if (place.kind === 'on-demand')
    return { kind: 'on-demand', region: regions.findIndex(({ name }) => name === place.region) };
  return idle;
}
