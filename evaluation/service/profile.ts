import type { Timing } from '../../functions/core/decision/policy-a/input.ts';
import { defaultTiming } from '../../functions/core/decision/timing.ts';

/** Assumed times, in seconds. Everything is scored with `target`; the others show how much these times matter. */
export const profiles = {
  cold: { launch: 180, notice: 120, attempt: 5, plannedCutover: 15, failoverCutover: 15 },
  warm: { launch: 90, notice: 120, attempt: 5, plannedCutover: 15, failoverCutover: 15 },
  target: defaultTiming,
} as const satisfies Record<string, Timing>;

export type ProfileName = keyof typeof profiles;
