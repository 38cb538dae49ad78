import { describe, expect, it } from 'vitest';
import { costsOf } from '../../../../functions/core/decision/policy-a/budget.ts';
import { defaultTiming, timingOf } from '../../../../functions/core/decision/timing.ts';
import fc from '../../../support/fast-check.ts';

describe('an agent’s own times (docs/adr/0097)', () => {
  it.each([
    ['without a loss', [], 5],
    ['whose first failover took long', [185], 185],
    ['that was slow once and quick since', [185, 5, 5], 5],
    ['that is usually slow', [5, 185, 190], 185],
    ['that was slow once in two', [5, 185], 185],
    ['that had an outage', [905], 200],
    ['that has an outage each time', [905, 905, 905], 905],
    ['whose failovers were all ready in time', [5, 5, 5, 5], 5],
  ])('of one %s', (_, losses, interruption) => {
    expect(costsOf(timingOf(losses)).interruption).toBe(interruption);
  });

  it('are never shorter than the default, and a loss costs what was usual', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 5, max: 3600 }), { maxLength: 20 }), (losses) => {
        const timing = timingOf(losses);
        expect(timing.launch).toBeGreaterThanOrEqual(defaultTiming.launch);
        const { interruption } = costsOf(timing);
        if (losses.length > 2) expect(losses).toContain(interruption);
        expect(timingOf([...losses].reverse())).toEqual(timing);
      }),
    );
  });
});
