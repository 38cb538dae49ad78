import { sql } from 'kysely';
import { minuteMs, msBefore } from '../../shared/time.ts';
import { activeStatusList } from './active-statuses.ts';

/** What of a change of primary concerns standbys and notices. */
interface Change {
  readonly next: { readonly instanceId: string } | undefined;
  readonly wasPrimary?: boolean;
  readonly promotion?: Promotion | undefined;
}
interface Promotion {
  readonly replicaId: string;
  readonly failover?: { readonly noticeId: string; readonly timeMs: number } | undefined;
}

/** Which standby, `r`, takes over: the one that was chosen; an instance that comes by another way may be one as well. */
export const promotedStandbyOf = ({ next, promotion }: Change) =>
  promotion
    ? sql`r.id = ${promotion.replicaId}`
    : sql`r.instance_id = ${next?.instanceId ?? null} AND r.status IN ${activeStatusList}`;

/** The columns of `r` that a change of primary sets (see core/agent/primary.ts). */
export const promotedStandby = ({ next }: Change, now: Date) => sql`
    r.status = 'promoted', r.promoted_at = ${now}, r.instance_id = ${next?.instanceId ?? null},
    r.launched_at = COALESCE(r.launched_at, ${now}), r.ready_at = COALESCE(r.ready_at, ${now})`;

/** A notice that is still open is younger than this: it is closed ten minutes after the end that it announced. */
const openNoticeMs = 30 * minuteMs;

/**
 * Which notice, `e`, a change of primary answers: the one that a failover is about, or the open one of the instance that
 * EC2 takes, whichever way its successor came.
 */
export const answeredNoticeOf = ({ next, wasPrimary = false, promotion }: Change, now: Date) =>
  promotion?.failover
    ? sql`e.id = ${promotion.failover.noticeId}`
    : sql`${next !== undefined && !wasPrimary} AND e.instance_id = a.pending_termination_instance
        AND e.signal_type = 'termination-notice' AND NOT e.failover_completed AND e.instance_id <> ${next?.instanceId ?? ''}
        AND e.created_at > ${msBefore(now, openNoticeMs)}`;

/** The columns of the notice that a change of primary answers. */
export const answeredNotice = ({ promotion }: Change, now: Date) =>
  promotion?.failover
    ? sql`
    e.failover_completed = TRUE, e.success = TRUE, e.replica_ready = TRUE, e.replica_id = ${promotion.replicaId},
    e.failover_time_ms = ${promotion.failover.timeMs}, e.response_action = 'promoted-replica'`
    : sql`
    e.failover_completed = TRUE, e.success = TRUE,
    e.failover_time_ms = GREATEST(0, TIMESTAMPDIFF(MICROSECOND, e.created_at, ${now}) DIV 1000)`;
