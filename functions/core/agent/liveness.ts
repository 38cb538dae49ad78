import { healthEnv } from '../../shared/env.ts';
import { minuteMs, msSince, secondMs } from '../../shared/time.ts';
import { type Hearing, silentMs } from './hearing.ts';

/**
 * When silence means something (protocol 8.1). Times are those at which we heard of an instance, by our own clock; one that
 * was never heard of has been silent for ever. While we were away nobody was silent (hearing.ts).
 */
type LastHeard = Date | null;

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
