import { sql } from 'kysely';
import { msBefore } from '../../shared/time.ts';
import { standbyTimeoutMs } from './liveness.ts';

/**
 * Whether an instance `x` of an agent lives beside its primary and takes its place when that falls silent, for a statement: a
 * standby that is up, or one that nobody asked for.
 */
export const waitsBeside = (now: Date) =>
  sql<boolean>`(x.instance_status = 'running_replica' AND x.last_seen_at > ${msBefore(now, standbyTimeoutMs())})`;
