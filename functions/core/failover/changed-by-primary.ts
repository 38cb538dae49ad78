import { sql } from 'kysely';
import { minuteMs, msBefore } from '../../shared/time.ts';
import { activeStatusList } from './active-statuses.ts';

/** The parts of a change of primary that standbys and notices depend on. */
interface Change {
  readonly next: { readonly instanceId: string } | undefined;
  readonly wasPrimary?: boolean;
  readonly promotion?: Promotion | undefined;
}
interface Promotion {
  readonly replicaId: string;
  readonly failover?: { readonly noticeId: string; readonly timeMs: number } | undefined;
}

/** Matches the standby `r` that takes over: the chosen one, else the active one whose instance becomes the primary. */
export const promotedStandbyOf = ({ next, promotion }: Change) =>
  promotion
    ? sql`r.id = ${promotion.replicaId}`
    : sql`r.instance_id = ${next?.instanceId ?? null} AND r.status IN ${activeStatusList}`;

/** Sets the columns of `r` at a change of primary (see core/agent/primary.ts). */
export const promotedStandby = ({ next }: Change, now: Date) => sql`
    r.status = 'promoted', r.promoted_at = ${now}, r.instance_id = ${next?.instanceId ?? null},
    r.launched_at = COALESCE(r.launched_at, ${now}), r.ready_at = COALESCE(r.ready_at, ${now})`;

/** Older notices are not open any more: an instance that outlives its announced end by ten minutes has survived. */
const openNoticeMs = 30 * minuteMs;

/**
 * Matches the notice `e` that a change of primary answers: the failover's own notice, or the open notice of the
 * instance that EC2 is reclaiming, however its successor was launched.
 */
export const answeredNoticeOf = ({ next, wasPrimary = false, promotion }: Change, now: Date) =>
  promotion?.failover
    ? sql`e.id = ${promotion.failover.noticeId}`
    : sql`${next !== undefined && !wasPrimary} AND e.instance_id = a.pending_termination_instance
        AND e.signal_type = 'termination-notice' AND NOT e.failover_completed AND e.instance_id <> ${next?.instanceId ?? ''}
        AND e.created_at > ${msBefore(now, openNoticeMs)}`;

/** Sets the columns of the notice that a change of primary answers. */
export const answeredNotice = ({ promotion }: Change, now: Date) =>
  promotion?.failover
    ? sql`
    e.failover_completed = TRUE, e.success = TRUE, e.replica_ready = TRUE, e.replica_id = ${promotion.replicaId},
    e.failover_time_ms = ${promotion.failover.timeMs}, e.response_action = 'promoted-replica'`
    : sql`
    e.failover_completed = TRUE, e.success = TRUE,
    e.failover_time_ms = GREATEST(0, TIMESTAMPDIFF(MICROSECOND, e.created_at, ${now}) DIV 1000)`;
