import { sql } from 'kysely';
import { msBefore } from '../../shared/time.ts';
import { standbyTimeoutMs } from './liveness.ts';

/**
 * SQL: whether instance `x` would take over if its agent's primary fell silent. It is the live instance of a standby,
 * or a live second instance that nobody asked for.
 */
export const waitsBeside = (now: Date) =>
  sql<boolean>`(x.instance_status = 'running_replica' AND x.last_seen_at > ${msBefore(now, standbyTimeoutMs())})`;
