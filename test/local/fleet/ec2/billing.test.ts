import { expect, it } from 'vitest';
import { costBetween, costOf } from '../../../../local/fleet/ec2/billing.ts';
import type { Instance } from '../../../../local/fleet/ec2/instance.ts';
import fc from '../../../support/fast-check.ts';
import { later, market, t } from '../../../support/fleet/simulated-fleet.ts';

const instance = (over: Partial<Instance> = {}): Instance => ({
  id: 'i-1',
  amiId: 'ami-1',
  type: 'm5.large',
  az: 'us-east-1a',
  mode: 'spot',
  agent: 'a',
  cause: { kind: 'start' },
  privateIp: '10.0.0.1',
  publicIp: null,
  launchedAt: t('00:20:00'),
  runningAt: t('00:20:00'),
  stoppedAt: t('01:50:00'),
  interrupted: false,
  ...over,
});

it('an instance is billed by the second, at the price of each time', () => {
  // 40 min at 0.04, 50 min at 0.06.
  expect(costOf(instance(), market, t('09:00:00'))).toBeCloseTo((40 * 0.04 + 50 * 0.06) / 60, 9);
  expect(costOf(instance({ mode: 'ondemand' }), market, t('00:50:00'))).toBeCloseTo(0.05, 9);
  const half = { from: t('01:00:00'), until: t('01:30:00') };
  expect(costBetween(instance(), market, half)).toBeCloseTo(0.03, 9);
});

it('an instance that EC2 interrupts is free if that is within its first hour, and billed in full later', () => {
  const soon = instance({ interrupted: true, stoppedAt: t('01:19:00') });
  expect(costOf(soon, market, t('09:00:00'))).toBe(0);
  expect(costBetween(soon, market, { from: t('00:30:00'), until: t('00:40:00') })).toBe(0);
  expect(costOf(instance({ interrupted: true }), market, t('00:50:00'))).toBeCloseTo(0.02, 9);
});

it('the costs of the parts of a period add up to the cost of the whole', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 7200 })), fc.boolean(), (cuts, isSpot) => {
      const one = instance({ mode: isSpot ? 'spot' : 'ondemand' });
      const times = [0, ...cuts.toSorted((a, b) => a - b), 7200].map((seconds) => later(t('00:00:00'), seconds));
      const parts = times.slice(1).map((until, i) => costBetween(one, market, { from: times[i]!, until }));
      expect(parts.reduce((a, b) => a + b, 0)).toBeCloseTo(costOf(one, market, t('09:00:00')), 9);
    }),
  );
});
