import { type AgentState, eventsOf, terminationNotices } from '../database/agent-state.ts';
import { agentRules } from './agent-rules.ts';
import type { Change, Rule } from './change.ts';

/** More rules for an agent that always has a primary, after a single event. */
function servingRules({ before, now }: Change, rule: Rule): void {
  const { agent, instances, replicas, switches } = now;
  rule(instances.filter((row) => row.is_primary).length === 1, 'I1: one instance is the primary');
  const since = countsOf(now).map((count, i) => count - countsOf(before)[i]!);
  rule(
    [-1, 0, 1].includes(since[0]!) && since.every((count) => count === since[0]),
    'I2: a failover, its notice, its switch and its count go together, and are undone together',
  );
  const told = now.events.filter((row) => row.notify).map((row) => `${row.event_type} ${row.instance_id}`);
  rule(new Set(told).size === told.length, 'I2: the tenant is told of nothing twice');
  for (const { id, instance_status } of instances)
    if (instance_status === 'running_replica')
      rule(
        replicas.some((row) => row.instance_id === id && row.is_active),
        'I3: an instance that waits is the one of an active standby',
      );
  for (const { status, instance_id: id } of replicas)
    if (status === 'promoted')
      rule(
        id === agent!.instance_id && switches.filter((row) => row.new_instance_id === id).length === 1,
        'I3: a standby that was promoted is the primary, by one switch',
      );
}

const countsOf = (state: AgentState) => [
  eventsOf(state, 'failover_completed').length - eventsOf(state, 'failover_undone').length,
  terminationNotices(state).filter((row) => row.failover_completed).length,
  state.switches.filter((row) => row.trigger_type === 'emergency' && row.success).length,
  state.agent!.interruption_handled_count,
];

/** The broken rules of an agent that always has a primary, after a single event. */
export function brokenRules(before: AgentState, now: AgentState): string[] {
  const broken: string[] = [];
  const rule: Rule = (holds, text) => {
    if (!holds) broken.push(text);
  };
  const change: Change = { before, now, within: 'one call' };
  agentRules(change, rule);
  servingRules(change, rule);
  return broken;
}
