import fc from 'fast-check';
import { expect, it } from 'vitest';
import { groupsOfPlaces } from '../../../../functions/core/pool/each-place.ts';

it('places are read in groups of at most 50, in order, whose pools are at most 400', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 100 })), { maxLength: 200 }), (sizes) => {
      const places = sizes.map((pools, n) => ({ instanceType: `t${n}`, region: 'r', pools }));
      const groups = groupsOfPlaces(places);
      expect(groups.flat()).toEqual(places);
      for (const group of groups) {
        expect(group.length).toBeGreaterThan(0);
        expect(group.length).toBeLessThanOrEqual(50);
        expect(group.reduce((sum, { pools }) => sum + pools, 0)).toBeLessThanOrEqual(400);
      }
      const least = Math.max(places.length / 50, sizes.reduce((sum, pools) => sum + pools, 0) / 400);
      expect(groups.length).toBeLessThanOrEqual(2 * least + 1);
    }),
  );
});
