import { eventsOf, isAnsweredByStandby, primaryOf, terminationNotices } from '../database/agent-state.ts';
import { type Change, once, type Rule } from './change.ts';

/** I2: a notice that is reported k times in m ways is one failover, one notification and one row. */
export function failoverRules({ now }: Change, rule: Rule): void {
  const notices = terminationNotices(now);
  once(
    notices.map((row) => row.instance_id),
    (id) => rule(false, `I2: one row is kept of the end of ${id}`),
  );
  for (const type of ['termination_notice', 'standby_interrupted'])
    once(
      eventsOf(now, type).map((event) => event.instance_id ?? ''),
      (id) => rule(false, `I2: one ${type} tells of ${id}`),
    );
  const undone = new Set(eventsOf(now, 'failover_undone').map((event) => event.replica));
  const failovers = eventsOf(now, 'failover_completed').filter((event) => !undone.has(event.replica));
  const former = failovers.map((event) => event.former ?? '');
  once(former, (id) => rule(false, `I2: ${id} fails over once`));
  const answered = notices.filter((row) => row.failover_completed);
  const byStandby = answered.filter(isAnsweredByStandby).map((row) => row.instance_id);
  rule(
    byStandby.toSorted().join() === former.toSorted().join(),
    `I2: notices that a standby answered and failovers that are told of are the same: ${byStandby}; ${former}`,
  );
  for (const { instance_id: id } of answered)
    rule(id !== primaryOf(now)?.id, `I2: the notice of ${id} is answered by another primary`);
  const counted = now.agent!.interruption_handled_count;
  rule(counted === answered.length, `I2: ${counted} failovers are counted, of ${answered.length}`);
}
