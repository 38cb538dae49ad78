import { type PolicyBConfig, phaseOf, tick } from './config.ts';

/** What was seen of a pool so far; can be stored as JSON. */
export interface PoolRecord {
  readonly isUp: boolean;
  /** How long the pool has been in that state, including the current period, in seconds, as far as was seen. */
  readonly age: number;
  readonly up: Ends;
  readonly down: Ends;
}

/** Ends of spells: those seen, and those that the fitted hazards predicted. */
export interface Ends {
  readonly seen: number;
  readonly expected: number;
}

/** Adds one observation period to a pool's record. */
export function recordPool(
  record: PoolRecord | undefined,
  isUp: boolean,
  seconds: number,
  { hazards }: PolicyBConfig,
): PoolRecord {
  const isSame = record?.isUp === isUp;
  const age = isSame ? record.age + seconds : seconds;
  const expected = (hazards[isUp ? 'up' : 'down'][phaseOf(age)]! * seconds) / tick;
  const next = (state: boolean): Ends => {
    const { seen, expected: before } = record?.[state ? 'up' : 'down'] ?? { seen: 0, expected: 0 };
    const ended = record !== undefined && !isSame && record.isUp === state;
    return { seen: seen + (ended ? 1 : 0), expected: before + (isUp === state ? expected : 0) };
  };
  return { isUp, age, up: next(true), down: next(false) };
}
