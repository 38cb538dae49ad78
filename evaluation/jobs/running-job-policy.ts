import { type PolicyBConfig, tick } from '../../functions/core/decision/policy-b/config.ts';
import type { TablesFor } from '../../functions/core/decision/policy-b/outlook.ts';
import { placesOfRunningJob } from '../../functions/core/decision/policy-b/running-job.ts';
import {
  type GroupRecord,
  recordGroup,
  type SeenPool,
  startGroup,
} from '../../functions/core/decision/policy-b/tiers.ts';
import type { Job, JobPolicy, JobWorld } from './job-world.ts';
import { fromPlace, toPlace } from './several-pools-policy.ts';

/** How long the control plane remembers pools, in seconds. */
const week = 7 * 86_400;

/**
 * Policy B as production uses it: the job never waits, and others always run in the pools, so that all pools are
 * visible, and have been for a week before the job began.
 */
export function runningJobPolicy(world: JobWorld, job: Job, tablesFor: TablesFor, config: PolicyBConfig): JobPolicy {
  const { pools, regions, tickSeconds, regionMove } = world;
  const seenAt = (at: number): SeenPool[] =>
    pools.map(({ id, region, prices, up }) => ({
      id,
      region: regions[region]!.name,
      price: prices[at]!,
      isUp: up[at] === 1,
    }));
  let group: GroupRecord | undefined;
  let next = Math.max(0, job.start - Math.floor(week / tickSeconds));
  return (sight) => {
    const at = job.start + Math.round(sight.elapsed / tickSeconds);
    group ??= startGroup(seenAt(job.start));
    for (; next <= at; next += 1) group = recordGroup(group, seenAt(next), tickSeconds, config);
    const [best] = placesOfRunningJob(
      {
        timeLeft: job.deadline - sight.elapsed,
        workLeft: job.work - sight.done,
        overhead: job.overhead,
        period: Math.max(tick, tickSeconds),
        place: fromPlace(world, sight.place),
        overheadLeft: sight.place.kind === 'idle' ? 0 : sight.overheadLeft,
        region: sight.region === null ? null : regions[sight.region]!.name,
        regionMove,
        regions: regions.map(({ name, onDemandPrice }) => ({ id: name, onDemandPrice })),
        pools: seenAt(at),
        group,
      },
      tablesFor,
      config,
    );
    return toPlace(world, best!.place);
  };
}
