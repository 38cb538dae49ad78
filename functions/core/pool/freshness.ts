import { sql } from 'kysely';
import { minuteMs, msBefore, msBetween } from '../../shared/time.ts';

/** A price older than this is no ground for a move that nobody has to make (protocol 8.5). */
export const freshMs = 15 * minuteMs;

/** A job that runs late sees prices that are younger than its own time, so either direction counts. */
export const ageMs = (at: Date, now: Date) => Math.abs(msBetween(at, now));

export const isFresh = (at: Date, now: Date) => ageMs(at, now) <= freshMs;

/**
 * Whether decisions about `agents AS a` find fresh prices without its own reports, for a statement: of a pool to go to, and of
 * the one that it is in.
 */
export const isMarketKnown = (now: Date) => sql<boolean>`(
  EXISTS (SELECT 1 FROM spot_pools AS x WHERE x.instance_type = a.instance_type AND x.region = a.region
    AND x.latest_at >= ${msBefore(now, freshMs)})
  AND (a.current_mode <> 'spot' OR EXISTS (SELECT 1 FROM spot_pools AS x WHERE x.id = a.current_pool_id
    AND x.latest_at >= ${msBefore(now, freshMs)})))`;
