import { describe, expect, it } from 'vitest';
import { Ec2 } from '../../../../local/fleet/ec2/ec2.ts';
import type { LaunchRequest } from '../../../../local/fleet/ec2/instance.ts';
import { priceAt } from '../../../../local/market/market.ts';
import { later, market, t } from '../../../support/fleet/simulated-fleet.ts';

describe('EC2', () => {
  const request = (over: Partial<LaunchRequest> = {}): LaunchRequest => ({
    type: 'm5.large',
    az: 'us-east-1a',
    mode: 'spot',
    agent: 'demo-1',
    cause: { kind: 'start' },
    ...over,
  });

  it('bills by the second from running to the stop, across price changes', () => {
    const ec2 = new Ec2({ market, seed: 1, bootSeconds: 30 });
    const { id } = ec2.runInstances(request(), t('00:30:00'));
    ec2.terminate(id, t('01:15:10'));
    let expected = 0;
    for (let time = t('00:30:30'); time < t('01:15:10'); time = later(time, 1))
      expected += priceAt(market.pools[0]!, time)! / 3600;
    expect(ec2.bill(t('09:00:00'))).toBeCloseTo(expected, 9);
    expect(ec2.bill(t('00:30:30'))).toBe(0);
  });

  it('bills on-demand instances at one price, and adds all instances up', () => {
    const ec2 = new Ec2({ market, seed: 1, bootSeconds: 0 });
    ec2.runInstances(request({ mode: 'ondemand' }), t('00:00:00'));
    ec2.runInstances(request({ az: 'us-east-1b' }), t('01:00:00'));
    expect(ec2.bill(t('03:00:00'))).toBeCloseTo(3 * 0.1 + 2 * 0.03, 12);
  });

  it('does not bill an instance that it interrupts within its first hour', () => {
    const ec2 = new Ec2({ market, seed: 1, bootSeconds: 0 });
    const [soon, late] = [ec2.runInstances(request(), t('00:00:00')), ec2.runInstances(request(), t('00:00:00'))];
    ec2.interrupt(soon.id, t('00:59:59'));
    ec2.interrupt(late.id, t('01:00:00'));
    expect(ec2.bill(t('05:00:00'))).toBeCloseTo(0.04, 12);
  });

  it('moves instances through their states', () => {
    const ec2 = new Ec2({ market, seed: 1 });
    const { id } = ec2.runInstances(request(), t('00:00:00'));
    const states = (...times: string[]) => times.map((time) => ec2.describe(id, t(time)).state);
    expect(states('00:00:29', '00:00:30')).toEqual(['pending', 'running']);
    ec2.terminate(id, t('00:10:00'));
    ec2.terminate(id, t('00:20:00'));
    expect(states('00:10:19', '00:10:20')).toEqual(['shutting-down', 'terminated']);
    expect(() => ec2.describe('i-unknown', t('00:00:00'))).toThrow('InvalidInstanceID.NotFound');
  });

  it('launches one instance for one client token', () => {
    const ec2 = new Ec2({ market, seed: 1 });
    const ids = [1, 2].map(() => ec2.runInstances(request({ clientToken: 'once' }), t('00:00:00')).id);
    expect(new Set(ids).size).toBe(1);
    expect(ec2.instances).toHaveLength(1);
  });

  it('refuses launches that cannot succeed', () => {
    const ec2 = new Ec2({ market, seed: 1, hasCapacity: ({ az }) => az !== 'us-east-1b' });
    const launch =
      (over: Partial<LaunchRequest>, time = t('00:00:00')) =>
      () =>
        ec2.runInstances(request(over), time);
    expect(launch({ az: 'us-east-1b' })).toThrow('InsufficientInstanceCapacity');
    expect(launch({}, t('02:10:00'))).toThrow('InsufficientInstanceCapacity');
    expect(launch({ az: 'us-east-1z' })).toThrow('InvalidParameterValue: there is no zone us-east-1z');
    expect(launch({ type: 'c5.large' })).toThrow('InvalidParameterValue');
    expect(ec2.instances).toHaveLength(0);
  });
});
