import { describe, expect, it } from 'vitest';
import { policyBConfig } from '../../../../../functions/core/decision/policy-b/config.ts';
import { safetyNet } from '../../../../../functions/core/decision/policy-b/safety-net.ts';
import { modes, stateOf, ValueTable } from '../../../../../functions/core/decision/policy-b/value-table.ts';
import fc from '../../../../support/fast-check.ts';

const hour = 3600;
const job = (timeLeft: number) => ({ timeLeft, workLeft: 10 * hour, overhead: 720, period: 600 });

describe('the safety net of a deadline', () => {
  it('leaves the choice free while there is time for a lost launch and an on-demand one after it', () => {
    expect(safetyNet(job(10.67 * hour), null)).toBe('free');
    expect(safetyNet(job(10.5 * hour), null)).toBe('on-demand');
  });

  it('leaves an instance on Spot until there is time for one launch only', () => {
    const spot = { overheadLeft: 0 };
    expect(safetyNet(job(10.5 * hour), spot)).toBe('free');
    expect(safetyNet(job(10.33 * hour), spot)).toBe('keep');
    expect(safetyNet(job(10.33 * hour), { overheadLeft: 120 })).toBe('on-demand');
  });
});

describe('the value of a job', () => {
  const table = new ValueTable(
    { spotShare: 0.3, overhead: 1.2, work: 40, slack: 60, canIdle: true },
    policyBConfig.hazards,
    policyBConfig,
  );
  const state = fc
    .record({
      mode: fc.constantFrom(...Object.values(modes)),
      isUp: fc.boolean(),
      phase: fc.integer({ min: 0, max: 3 }),
    })
    .map(({ mode, isUp, phase }) => stateOf(mode, isUp, phase));

  it('is zero when no work is left, and never more than the cost of running on-demand now', () => {
    expect(table.at(10, 0, stateOf(modes.idle, true, 0))).toBe(0);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 2, max: 50 }), state, (work, slack, of) => {
        expect(table.at(work + slack, work, of)).toBeLessThanOrEqual(work + 1.2 + 1);
      }),
    );
  });

  it('falls with the time left and rises with the work left', () => {
    const point = [fc.integer({ min: 1, max: 38 }), fc.integer({ min: 0, max: 50 }), state] as const;
    fc.assert(
      fc.property(...point, (work, slack, of) => {
        const value = table.at(work + slack, work, of);
        expect(table.at(work + slack + 1, work, of)).toBeLessThanOrEqual(value + 1e-3);
        expect(table.at(work + slack, work + 1, of)).toBeGreaterThanOrEqual(value - 1e-3);
      }),
    );
  });
});
