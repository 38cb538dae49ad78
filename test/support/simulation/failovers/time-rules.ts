import { terminationNotices, timeOf } from '../../database/agent-state.ts';
import type { FailoverWorld } from './world.ts';

const minuteMs = 60_000;

/** Columns whose values do not come from instances. */
const ours = [
  'created_at',
  'updated_at',
  'last_heartbeat_at',
  'last_seen_at',
  'last_switch_at',
  'last_failover_at',
  'last_termination_notice_at',
  'last_rebalance_recommendation_at',
  'zombie_at',
  'termination_attempted_at',
  'launch_claimed_at',
  'promoted_at',
  'failed_at',
  'dispatched_at',
  'completed_at',
  'executed_at',
];

/** F8: the times that we record are by our own clock, whatever clocks the instances have. */
export function timeRules({ state, sqlNow, rule, now }: FailoverWorld): void {
  for (const [table, rows] of Object.entries({ ...state, agent: [state.agent!] }))
    for (const row of rows as Record<string, unknown>[])
      for (const column of ours)
        rule(
          typeof row[column] !== 'string' || row[column] <= sqlNow,
          `F8: ${column} of ${table} is ${row[column]}, and it is ${sqlNow}`,
        );
  const { pending_termination_at: end } = state.agent!;
  rule(end === null || timeOf(end) <= now + 120_000, `F8: EC2 takes the instance within two minutes, not at ${end}`);
}

/**
 * F6 and F8: no standby goes to a pool where a launch has just failed or EC2 has just taken an instance, by our clock.
 */
export function poolRules({ state, before, rule, isAlone, now }: FailoverWorld): void {
  if (!isAlone) return;
  for (const { id, pool_id, created_at, instance_id } of state.replicas) {
    if (instance_id !== null || before.replicas.some((row) => row.id === id)) continue;
    const at = timeOf(created_at);
    const failures = state.replicas.filter(
      (row) =>
        row.id !== id &&
        row.pool_id === pool_id &&
        row.status === 'failed' &&
        (row.launch_claimed_at !== null || row.instance_id !== null) &&
        timeOf(row.failed_at!) > at - 24 * 60 * minuteMs &&
        timeOf(row.failed_at!) <= at,
    );
    const last = Math.max(...failures.map((row) => timeOf(row.failed_at!)));
    const quarantine = Math.min(2 ** (failures.length - 1), 30) * minuteMs;
    rule(
      failures.length === 0 || at - last >= quarantine,
      `F6: ${id} in ${pool_id} is not where ${failures.length} launches failed`,
    );
    const taken = terminationNotices(before).filter((row) => row.pool_id === pool_id);
    const lastTaken = Math.max(...taken.map((row) => timeOf(row.created_at)));
    rule(
      now - lastTaken >= 5 * minuteMs,
      `F8: ${id} in ${pool_id} is not where EC2 took an instance ${(now - lastTaken) / 1000} s ago`,
    );
  }
}
