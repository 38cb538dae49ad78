import { sql } from 'kysely';
import { healthEnv } from '../../shared/env.ts';
import { minuteMs, msAfter, msSince, secondMs } from '../../shared/time.ts';
import { type Hearing, silentMs } from './hearing.ts';

/**
 * When an instance counts as silent (protocol 8.1). Times are when we heard of it, by our own clock; an instance that
 * was never heard of has been silent forever. Nothing counts as silent during an outage of our own (hearing.ts).
 */
type LastHeard = Date | null;

/** The agents' own heartbeat interval (protocol 6.2), for which the timeouts below are made. */
const ownBeatSeconds = 30;

/**
 * Until when an agent counts as heard of. A primary is not silent while it waits because we told it to send its next
 * heartbeat later than agents do by themselves (protocol A2).
 */
export const heardUntil = ({ beatSeconds }: { readonly beatSeconds: number | null }, last: LastHeard): LastHeard =>
  last && msAfter(last, Math.max(0, (beatSeconds ?? 0) - ownBeatSeconds) * secondMs);

/** The same in SQL: how many seconds longer than others the primary of `agents AS a` may stay away. */
export const quietSeconds = sql<number>`GREATEST(0, COALESCE(a.beat_seconds, 0) - ${sql.lit(ownBeatSeconds)})`;

/** A primary heard of within this time is alive: a second instance with its logical id waits beside it. */
export const beatingMs = 90 * secondMs;

/** A primary heard of within this time has survived the end that EC2 announced. */
const aliveMs = 2 * minuteMs;

export const heartbeatTimeoutMs = () => healthEnv().HEARTBEAT_TIMEOUT_SECONDS * secondMs;

export const isBeating = (last: LastHeard, hearing: Hearing | undefined, now: Date) =>
  silentMs(last, hearing, now) <= beatingMs;

export const isAlive = (last: LastHeard, now: Date) => msSince(last, now) < aliveMs;

/** A primary that has been silent for so long is replaced by an instance that is alive. */
export const isSilent = (last: LastHeard, hearing: Hearing | undefined, now: Date) =>
  silentMs(last, hearing, now) >= heartbeatTimeoutMs();

/** An agent is marked offline just after `isSilent` holds, and only if it was ever heard of. */
export const isOffline = (last: LastHeard, hearing: Hearing | undefined, now: Date) =>
  last !== null && silentMs(last, hearing, now) > heartbeatTimeoutMs();

/** A standby gets five times as long: it may be busy catching up, and nobody waits for it. */
export const standbyTimeoutMs = () => 5 * heartbeatTimeoutMs();
export const isStandbySilent = (last: LastHeard, hearing: Hearing | undefined, now: Date) =>
  last !== null && silentMs(last, hearing, now) >= standbyTimeoutMs();
