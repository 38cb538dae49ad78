import { instanceIn } from '../database/agent-state.ts';
import type { Change, Rule } from './change.ts';

/** I1: an agent has at most one primary, and its epoch rises with each change. I3: no instance leaves the database. */
export function primaryRules(change: Change, rule: Rule): void {
  const { now } = change;
  const { instance_id: named, pending_termination_instance: pending } = now.agent!;
  const primaries = now.instances.filter((row) => row.is_primary);
  rule(primaries.length <= 1, `I1: one instance is the primary, not ${primaries.length}`);
  rule((primaries[0]?.id ?? named) === named, "I1: the agent's instance_id is its primary's");
  rule(pending === null || pending === named, 'I1: only the primary is waiting for its end');
  for (const { id, instance_status: status, is_primary, is_active } of now.instances) {
    if (is_primary) rule(status === 'running_primary' && is_active, `I1: the primary ${id} runs, and is not ${status}`);
    if (status === 'running_primary') rule(is_primary, `I1: ${id} is ${status} because it is the primary`);
    if (status === 'zombie' || status === 'terminated')
      rule(!is_primary && !is_active, `I1: ${id}, which is ${status}, is not in service`);
  }
  for (const { id, instance_status: was } of change.before.instances) {
    const is = instanceIn(now, id)?.instance_status;
    rule(is, `I3: ${id} is still there`);
    if (was === 'terminated') rule(is === 'terminated', `I3: ${id} stays terminated`);
  }
  if (change.before.agent) epochRules(change, rule);
}

function epochRules({ before, now, within }: Change, rule: Rule) {
  const steps = now.agent!.epoch - before.agent!.epoch;
  const moved = now.agent!.instance_id !== before.agent!.instance_id;
  const seen = `I1: the epoch rises by ${steps}, ${moved ? 'with' : 'without'} a change of primary`;
  rule(steps >= 0, seen);
  rule(moved ? steps >= 1 : steps !== 1, seen);
  if (within !== 'anything' && !moved) rule(steps === 0, seen);
  if (within === 'one call') rule(steps <= 1, seen);
}
