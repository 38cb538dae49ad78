import type { PolicyBConfig } from '../../functions/core/decision/policy-b/config.ts';
import { chooseMode } from '../../functions/core/decision/policy-b/one-pool.ts';
import { type PoolRecord, recordPool } from '../../functions/core/decision/policy-b/pool-record.ts';
import { modes } from '../../functions/core/decision/policy-b/value-table.ts';
import type { ValueTables } from '../../functions/core/decision/policy-b/value-tables.ts';
import { idle, type Job, type JobPlace, type JobPolicy, type JobWorld } from './job-world.ts';

/** Policy B for a job with one pool whose state is always visible. */
export function onePoolPolicy(world: JobWorld, job: Job, tables: ValueTables, config: PolicyBConfig): JobPolicy {
  const [region, pool] = [world.regions[0]!, 0];
  let record: PoolRecord | undefined;
  const places: Record<number, JobPlace> = {
    [modes.idle]: idle,
    [modes.spot]: { kind: 'spot', pool },
    [modes.onDemand]: { kind: 'on-demand', region: 0 },
  };
  return (sight) => {
    record = recordPool(record, sight.isUp(pool)!, world.tickSeconds, config);
    const mode = chooseMode(
      {
        timeLeft: job.deadline - sight.elapsed,
        workLeft: job.work - sight.done,
        overhead: job.overhead,
        period: world.tickSeconds,
        mode: { idle: modes.idle, spot: modes.spot, 'on-demand': modes.onDemand }[sight.place.kind],
        overheadLeft: sight.place.kind === 'idle' ? 0 : sight.overheadLeft,
        spotShare: sight.price(pool) / region.onDemandPrice,
        pool: record,
      },
      tables,
      config,
    );
    return places[mode]!;
  };
}
