import type { PoolView } from '../../../functions/core/decision/policy-a/input.ts';
import fc from '../fast-check.ts';

const hours = (max: number) => fc.double({ min: 0, max, noNaN: true });

/** Whatever may be known about a pool. */
export const poolView: fc.Arbitrary<PoolView> = fc.record({
  id: fc.uuid(),
  price: fc.constant(0.1),
  availability: fc.constantFrom('up' as const, 'down' as const, 'unknown' as const),
  history: fc.record({
    drops1h: fc.nat(5),
    drops24h: fc.nat(40),
    drops7d: fc.nat(200),
    upHours24h: hours(24),
    upHours7d: hours(168),
    upHours: hours(168),
    previousUpHours: fc.option(hours(168)),
    downHoursBefore: hours(168),
    unseenHours: hours(168),
  }),
});
