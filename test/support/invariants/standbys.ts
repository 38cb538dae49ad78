import { type AgentState, activeStandbys, instanceIn, type ReplicaRow } from '../database/agent-state.ts';
import type { Change, Rule } from './change.ts';

/** I3 and I9: at most one active standby of each kind, each with an instance that waits; final statuses stay. */
export function standbyRules({ before, now }: Change, rule: Rule): void {
  const active = activeStandbys(now);
  for (const manual of [true, false])
    rule(
      active.filter((row) => (row.replica_type === 'manual') === manual).length <= 1,
      `I3: one ${manual ? 'manual' : 'automatic'} standby at most is active`,
    );
  for (const { id, instance_id } of active) {
    const status = instance_id && instanceIn(now, instance_id)?.instance_status;
    rule(
      instance_id === null || status === 'running_replica',
      `I3: the instance of the active standby ${id} is ${status}`,
    );
  }
  for (const row of now.replicas) {
    const was = before.replicas.find(({ id }) => id === row.id);
    if (was && was.status !== row.status) finalRules(was, row, now, rule);
  }
}

function finalRules(was: ReplicaRow, { id, status, instance_id }: ReplicaRow, now: AgentState, rule: Rule) {
  rule(!['terminated', 'failed'].includes(was.status), `I9: ${id} was ${was.status}, which is final, and is ${status}`);
  if (was.status !== 'promoted') return;
  const isUndone = now.events.some((event) => event.event_type === 'failover_undone' && event.replica === id);
  const isDemoted = status === 'ready' && !instanceIn(now, instance_id!)?.is_primary;
  rule((status === 'failed' && isUndone) || isDemoted, `I9: ${id} was promoted, and is ${status}`);
}
