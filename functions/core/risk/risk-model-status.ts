import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { lossHours } from '../decision/policy-a/features.ts';
import { agedTo, type Bins } from './recalibration.ts';

/** The model that the hazards last came from, stored every ten minutes by the job that advances the shadows. */
export interface RiskModel {
  readonly model: string;
  readonly isDegraded: boolean;
  readonly observedAt: Date;
}

/** How chances came true, over all pools; newer outcomes count for more. */
export interface Calibration {
  readonly model: string;
  readonly times: CalibrationOfTime[];
}

interface CalibrationOfTime {
  readonly withinHours: number;
  /** Outcomes that do not overlap. */
  readonly outcomes: number;
  /**
   * Losses that were expected and that came, as shares of the outcomes; `null` without outcomes. Expected were those of
   * the chances as the pools' own outcomes had corrected them, not yet those of all pools.
   */
  readonly expectedShare: number | null;
  readonly lostShare: number | null;
}

/**
 * The risk model, `undefined` while no agent has had a target, and its calibration, `undefined` while no pool was rated.
 * One statement.
 */
export async function riskModelStatus(db: Db) {
  const newest = db
    .selectFrom('policyShadows')
    .select(['model', 'isDegraded', 'observedAt'])
    .orderBy('observedAt', 'desc')
    .limit(1);
  const row = await db
    .selectFrom(sql<{ one: number }>`(SELECT 1 AS one)`.as('o'))
    .leftJoin(newest.as('s'), (join) => join.onTrue())
    .leftJoin('riskCalibration as c', (join) => join.on('c.id', '=', 1))
    .select(['s.model', 's.isDegraded', 's.observedAt', 'c.model as ratedBy', 'c.bins'])
    .executeTakeFirstOrThrow();
  const { model, isDegraded, observedAt, ratedBy, bins } = row;
  const told: RiskModel | undefined =
    model === null || observedAt === null ? undefined : { model, isDegraded: Boolean(isDegraded), observedAt };
  const calibration: Calibration | undefined =
    ratedBy === null ? undefined : { model: ratedBy, times: (bins as readonly Bins[]).map(calibrationOf) };
  return { told, calibration };
}

/** Tallies of rare chances may be old: each counts for what it weighs when the newest outcome was known. */
function calibrationOf(bins: Bins, time: number): CalibrationOfTime {
  const newest = Math.max(...bins.map(({ at }) => at));
  const aged = bins.map((tally) => agedTo(newest, tally));
  const sum = (of: 'weight' | 'expected' | 'lost') => aged.reduce((total, tally) => total + tally[of], 0);
  const outcomes = sum('weight');
  const share = (of: 'expected' | 'lost') => (outcomes > 0 ? Number((sum(of) / outcomes).toFixed(4)) : null);
  return {
    withinHours: lossHours[time]!,
    outcomes: Number(outcomes.toFixed(1)),
    expectedShare: share('expected'),
    lostShare: share('lost'),
  };
}

/** Whether the hazards last came from the intended model, not from a fallback: a column for a statement, 1 or 0. */
export const isModelLoaded = sql<number>`COALESCE((SELECT NOT s.is_degraded FROM policy_shadows AS s
  ORDER BY s.observed_at DESC LIMIT 1), 0)`;
