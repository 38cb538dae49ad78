import { hourMs } from '../../shared/time.ts';
import { periodMs, periodSeconds } from '../availability/period.ts';
import { lossHours } from '../decision/policy-a/features.ts';
import type { Availability } from '../decision/policy-a/input.ts';
import { correctedByPool, noTally, type Outcome, type Tally, withOutcome } from './recalibration.ts';

/** Periods are counted from 1970. A chance is predicted at the end of a period, for the ones that follow. */
export type Prediction = readonly [period: number, chance: number, correctedByPool: number];

/** A pool's predictions for each of `lossHours`. */
export interface PoolRisk {
  readonly tallies: readonly Tally[];
  /** Predictions whose outcome is not known yet, oldest first. */
  readonly waiting: readonly (readonly Prediction[])[];
}

export const noRisk: PoolRisk = { tallies: lossHours.map(() => noTally), waiting: lossHours.map(() => []) };

/** What was observed of a pool, oldest period first. */
export interface Seen {
  readonly periods: readonly Availability[];
  /** The number of the last one. */
  readonly last: number;
}

/** The number of the last period that has ended. */
export const lastPeriod = (now: Date) => Math.floor(now.getTime() / periodMs) - 1;

/** Seconds since 1970. */
export const endOf = (period: number) => (period + 1) * periodSeconds;
const periodsAhead = lossHours.map((hours) => (hours * hourMs) / periodMs);

/**
 * Counts the predictions that came true or did not. Of one whose pool was unseen before its time was over, the share of
 * the time that was observed counts; only whole times would count losses more often than their absence.
 * @returns the outcomes for each of `lossHours` too; their chances are as the pool's own outcomes had corrected them
 */
export function settle(risk: PoolRisk, seen: Seen): { readonly risk: PoolRisk; readonly outcomes: Outcome[][] } {
  const outcomes = periodsAhead.map((): Outcome[] => []);
  const tallies = risk.tallies.map((tally, n) => {
    const ahead = periodsAhead[n]!;
    return risk.waiting[n]!.reduce((sum, [period, chance, corrected]) => {
      const came = period + ahead > seen.last ? undefined : after(period, ahead, seen);
      if (!came) return sum;
      const outcome = { ...came, at: endOf(period + ahead), weight: came.seen / ahead };
      outcomes[n]!.push({ ...outcome, chance: corrected });
      return withOutcome(sum, { ...outcome, chance });
    }, tally);
  });
  const waiting = risk.waiting.map((all, n) => all.filter(([period]) => period + periodsAhead[n]! > seen.last));
  return { risk: { tallies, waiting }, outcomes };
}

interface Came {
  readonly isLost: boolean;
  readonly seen: number;
}

/** Whether the pool was lost in the periods after one, and the share of them that it was seen up; `undefined` if none. */
function after(period: number, ahead: number, { periods, last }: Seen): Came | undefined {
  const first = periods.length - (last - period);
  if (first < 0) return undefined;
  const next = periods.slice(first, first + ahead);
  const up = next.findIndex((availability) => availability !== 'up');
  if (up < 0) return { isLost: false, seen: 1 };
  if (next[up] === 'down') return { isLost: true, seen: 1 };
  return up > 0 ? { isLost: false, seen: up / ahead } : undefined;
}

/**
 * Adds what a model predicts now.
 * @param chances for each of `lossHours`
 * @returns the chances as corrected by the pool's own outcomes, too
 */
export function predict(risk: PoolRisk, chances: readonly number[], last: number) {
  const corrected = chances.map((chance, n) => correctedByPool(chance, risk.tallies[n]!, endOf(last)));
  const waiting = risk.waiting.map((all, n): Prediction[] => [...all, [last, chances[n]!, corrected[n]!]]);
  return { risk: { ...risk, waiting }, corrected };
}
