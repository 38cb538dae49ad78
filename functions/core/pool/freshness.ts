import { sql } from 'kysely';
import { minuteMs, msBefore, msBetween } from '../../shared/time.ts';

/** A price older than this does not justify an optional move (protocol 8.5). */
export const freshMs = 15 * minuteMs;

/** Absolute, because a job that runs late sees prices that are newer than its own `now`. */
export const ageMs = (at: Date, now: Date) => Math.abs(msBetween(at, now));

export const isFresh = (at: Date, now: Date) => ageMs(at, now) <= freshMs;

/**
 * SQL condition: decisions about `agents AS a` do not need its own price reports, as there are fresh trusted prices of
 * a pool of its type and region and, if it runs on Spot, of its current pool.
 */
export const isMarketKnown = (now: Date) => sql<boolean>`(
  EXISTS (SELECT 1 FROM spot_pools AS x WHERE x.instance_type = a.instance_type AND x.region = a.region
    AND x.latest_at >= ${msBefore(now, freshMs)})
  AND (a.current_mode <> 'spot' OR EXISTS (SELECT 1 FROM spot_pools AS x WHERE x.id = a.current_pool_id
    AND x.latest_at >= ${msBefore(now, freshMs)})))`;
