import { sql } from 'kysely';
import { healthEnv } from '../../shared/env.ts';
import { minuteMs, msAfter, msSince, secondMs } from '../../shared/time.ts';
import { type Hearing, silentMs } from './hearing.ts';

/**
 * When silence means something (protocol 8.1). Times are those at which we heard of an instance, by our own clock; one that
 * was never heard of has been silent for ever. While we were away nobody was silent (hearing.ts).
 */
type LastHeard = Date | null;

/** How often agents beat by themselves (protocol 6.2), for which the times below are made. */
const ownBeatSeconds = 30;

/**
 * Until when an agent counts as heard of. Its primary is not silent while it does what we told it: to come back later than
 * agents do by themselves (protocol A2).
 */
export const heardUntil = ({ beatSeconds }: { readonly beatSeconds: number | null }, last: LastHeard): LastHeard =>
  last && msAfter(last, Math.max(0, (beatSeconds ?? 0) - ownBeatSeconds) * secondMs);

/** The same for a statement: how many seconds the primary of `agents AS a` may stay away longer than others. */
export const quietSeconds = sql<number>`GREATEST(0, COALESCE(a.beat_seconds, 0) - ${sql.lit(ownBeatSeconds)})`;

/** A primary that was heard of this recently lives: a second instance with its logical id waits beside it. */
export const beatingMs = 90 * secondMs;

/** A primary that was heard of this recently has outlived what was announced of it. */
const aliveMs = 2 * minuteMs;

export const heartbeatTimeoutMs = () => healthEnv().HEARTBEAT_TIMEOUT_SECONDS * secondMs;

export const isBeating = (last: LastHeard, hearing: Hearing | undefined, now: Date) =>
  silentMs(last, hearing, now) <= beatingMs;

export const isAlive = (last: LastHeard, now: Date) => msSince(last, now) < aliveMs;

/** A primary that has been silent for so long gives way to an instance that lives. */
export const isSilent = (last: LastHeard, hearing: Hearing | undefined, now: Date) =>
  silentMs(last, hearing, now) >= heartbeatTimeoutMs();

/** An agent is marked offline a moment later: only what has been heard of can fall silent. */
export const isOffline = (last: LastHeard, hearing: Hearing | undefined, now: Date) =>
  last !== null && silentMs(last, hearing, now) > heartbeatTimeoutMs();

/** A standby has five times as long: it may be busy catching up, and nobody waits for it. */
export const standbyTimeoutMs = () => 5 * heartbeatTimeoutMs();
export const isStandbySilent = (last: LastHeard, hearing: Hearing | undefined, now: Date) =>
  last !== null && silentMs(last, hearing, now) >= standbyTimeoutMs();
