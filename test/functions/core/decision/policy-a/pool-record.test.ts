import { expect, it } from 'vitest';
import { PoolHistoryTracker } from '../../../../../functions/core/decision/policy-a/pool-history.ts';
import fc from '../../../../support/fast-check.ts';

const observations = fc.array(fc.constantFrom('up', 'up', 'up', 'down', 'unknown'), { maxLength: 400 });

it('a tracker that is stored as JSON at any time goes on like one that was not', () => {
  fc.assert(
    fc.property(observations, observations, fc.constantFrom(600, 195, 3600), (before, after, period) => {
      const kept = new PoolHistoryTracker(period);
      for (const one of before) kept.observe(one);
      const restored = new PoolHistoryTracker(period, JSON.parse(JSON.stringify(kept.record())));
      expect(restored.history()).toEqual(kept.history());
      for (const one of after) for (const tracker of [kept, restored]) tracker.observe(one);
      expect(restored.history()).toEqual(kept.history());
      expect(restored.record()).toEqual(kept.record());
    }),
  );
});

it('a record of a week of ten-minute periods takes less than a kilobyte', () => {
  const tracker = new PoolHistoryTracker(600);
  for (let n = 0; n < 3000; n += 1) tracker.observe(n % 3 === 0 ? 'down' : 'up');
  expect(JSON.stringify(tracker.record()).length).toBeLessThan(600);
});
