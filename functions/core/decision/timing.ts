import type { Timing } from './policy-a/input.ts';

/** How long moves take until a tenant's own times are measured: the target profile of docs/policies.md. */
export const defaultTiming: Timing = { launch: 90, notice: 120, attempt: 5, plannedCutover: 5, failoverCutover: 5 };
