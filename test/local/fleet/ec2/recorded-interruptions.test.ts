import { describe, expect, it } from 'vitest';
import { Ec2 } from '../../../../local/fleet/ec2/ec2.ts';
import type { Instance, LaunchRequest } from '../../../../local/fleet/ec2/instance.ts';
import { endOf } from '../../../../local/fleet/ec2/interruption.ts';
import { recordedInterruptions } from '../../../../local/fleet/ec2/recorded-interruptions.ts';
import type { Market } from '../../../../local/market/market.ts';
import { noRecommendations, t, traceMarket } from '../../../support/fleet/simulated-fleet.ts';

const inB: LaunchRequest = {
  type: 'm5.large',
  az: 'us-west-2b',
  mode: 'spot',
  agent: 'demo-1',
  cause: { kind: 'start' },
};
const ec2Of = (market: Market, options = noRecommendations) =>
  new Ec2({ market, seed: 1, ...recordedInterruptions(market, options) });

describe('recorded interruptions', () => {
  const market = traceMarket([[1, 12], [0, 6], [1, 6]]); // biome-ignore format: an hour, half an hour without, half an hour

  it('refuse Spot launches where there is no capacity, but no on-demand launch', () => {
    const ec2 = ec2Of(market);
    expect(() => ec2.runInstances(inB, t('01:00:00'))).toThrow('InsufficientInstanceCapacity');
    expect(() => ec2.runInstances(inB, t('01:29:59'))).toThrow('InsufficientInstanceCapacity');
    expect(ec2.runInstances({ ...inB, az: 'us-west-2c' }, t('01:00:00')).az).toBe('us-west-2c');
    expect(ec2.runInstances({ ...inB, mode: 'ondemand' }, t('01:00:00')).mode).toBe('ondemand');
    expect(ec2.runInstances(inB, t('01:30:00')).az).toBe('us-west-2b');
  });

  it.each([
    [120, '00:57:59', '00:58:00'],
    [30, '00:59:29', '00:59:30'],
  ])('of a pool refuse launches once EC2 gives notice in it, %s s before the loss', (noticeSeconds, before, noticeAt) => {
    const ec2 = ec2Of(market, { ...noRecommendations, noticeSeconds });
    expect(ec2.runInstances(inB, t(before)).az).toBe('us-west-2b');
    expect(() => ec2.runInstances(inB, t(noticeAt))).toThrow('InsufficientInstanceCapacity');
    expect(() => ec2.runInstances(inB, t('00:59:59'))).toThrow('InsufficientInstanceCapacity');
    expect(ec2.runInstances({ ...inB, mode: 'ondemand' }, t(noticeAt)).mode).toBe('ondemand');
  });

  it.each([
    [120, '00:00:00', '00:58:00'],
    [30, '00:00:00', '00:59:30'],
    [120, '00:57:59', '00:58:00'],
  ])('give notice %s s before the loss to an instance launched at %s', (noticeSeconds, launched, noticeAt) => {
    const { interruptionOf } = recordedInterruptions(market, { ...noRecommendations, noticeSeconds });
    const interruption = interruptionOf({ ...inB, launchedAt: t(launched) } as Instance)!;
    expect(interruption).toEqual({ noticeAt: t(noticeAt), endAt: t('01:00:00') });
    expect(endOf(interruption)).toEqual(t('01:00:00'));
  });

  it('spare an instance whose pool is not lost again', () => {
    const { interruptionOf } = recordedInterruptions(market, noRecommendations);
    expect(interruptionOf({ ...inB, launchedAt: t('01:30:00') } as Instance)).toBeUndefined();
    expect(interruptionOf({ ...inB, az: 'us-west-2c', launchedAt: t('00:00:00') } as Instance)).toBeUndefined();
  });

  it('recommend rebalancing before a share of the losses, with as many false alarms, drawn by the seed', () => {
    const busy = traceMarket(Array.from({ length: 400 }, (_, index) => [index % 12 === 0 ? 0 : 1, 1] as const));
    const recommendations = (rebalanceShare: number, seed: number) => {
      const { interruptionOf } = recordedInterruptions(busy, { ...noRecommendations, rebalanceShare, seed });
      const each5Min = Array.from({ length: 400 }, (_, i) => new Date(busy.start.getTime() + i * 300_000));
      const seen = each5Min.map((launchedAt) => interruptionOf({ ...inB, launchedAt } as Instance)!);
      return new Map(seen.flatMap((to) => (to?.rebalanceAt ? [[to.rebalanceAt.getTime(), to.isFalseAlarm!]] : [])));
    };
    expect(recommendations(0, 1).size).toBe(0);
    const all = [...recommendations(1, 1).values()];
    expect(all.filter((isFalse) => !isFalse).length).toBeGreaterThan(15);
    expect(all.filter((isFalse) => isFalse).length).toBeGreaterThan(15);
    expect([...recommendations(0.5, 7)]).toEqual([...recommendations(0.5, 7)]);
    expect([...recommendations(0.5, 7)]).not.toEqual([...recommendations(0.5, 8)]);
    const { interruptionOf } = recordedInterruptions(busy, { ...noRecommendations, rebalanceShare: 1 });
    for (let ms = busy.start.getTime(); ms < busy.end.getTime(); ms += 100_000) {
      const { rebalanceAt, noticeAt } = interruptionOf({ ...inB, launchedAt: new Date(ms) } as Instance) ?? {};
      if (!rebalanceAt) continue;
      expect(rebalanceAt.getTime()).toBeGreaterThan(ms);
      if (noticeAt) expect(rebalanceAt.getTime()).toBeLessThan(noticeAt.getTime());
    }
  });

  it('leave an instance unbilled in its first hour, and billed in full after that', () => {
    const short = ec2Of(market);
    const taken = short.runInstances(inB, t('00:30:00'));
    short.interrupt(taken.id, t('01:00:00'));
    expect(short.bill(t('02:00:00'))).toBe(0);

    const long = ec2Of(traceMarket([[1, 18], [0, 6]])); // biome-ignore format: one run after the other
    const kept = long.runInstances(inB, t('00:00:00'));
    long.interrupt(kept.id, t('01:30:00'));
    expect(long.bill(t('02:00:00'))).toBeCloseTo((0.03 * (5400 - 30)) / 3600, 12);
  });
});
