import { describe, expect, it } from 'vitest';
import { eventKinds } from '../../../../local/fleet/ec2/ec2-events.ts';
import type { Instance } from '../../../../local/fleet/ec2/instance.ts';
import { type FaultOptions, FaultPlan } from '../../../../local/fleet/run/fault-plan.ts';
import { noFaults } from '../../../support/fleet/simulated-fleet.ts';

const week = { start: new Date('2024-01-01T00:00:00Z'), end: new Date('2024-01-08T00:00:00Z') };
const instance = { az: 'us-west-2b', agent: 'demo-1', cause: { kind: 'auto recovery' } } as Instance;

describe('faults', () => {
  it('do not happen by default', () => {
    const plan = new FaultPlan(noFaults, week);
    expect(plan.outages).toEqual([]);
    expect(plan.faultsOf(instance)).toMatchObject({ failsToBoot: false, hangsAfter: undefined });
  });

  it('happen as often as configured, and alike for the same seed', () => {
    const { outages } = new FaultPlan({ ...noFaults, outagesPerWeek: 40 }, week);
    expect(Math.abs(outages.length - 40)).toBeLessThan(20);
    const lengths = outages.map(({ from, to }) => (to.getTime() - from.getTime()) / 1000);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(120);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(600);

    const faults = (seed: number) => {
      const plan = new FaultPlan({ ...noFaults, bootFailures: 0.3, hangsPerWeek: 2, seed }, week);
      return Array.from({ length: 500 }, () => plan.faultsOf(instance));
    };
    expect(faults(1)).toEqual(faults(1));
    expect(faults(1)).not.toEqual(faults(2));
    expect(faults(1).filter(({ failsToBoot }) => failsToBoot).length / 500).toBeCloseTo(0.3, 1);
    const mean = faults(1).reduce((sum, { hangsAfter }) => sum + hangsAfter!, 0) / 500;
    expect(mean / 86_400).toBeGreaterThan(3);
    expect(mean / 86_400).toBeLessThan(4);
  });

  it("spare the agents' first instances", () => {
    const plan = new FaultPlan({ ...noFaults, bootFailures: 1 }, week);
    expect(plan.faultsOf({ ...instance, cause: { kind: 'start' } }).failsToBoot).toBe(false);
  });
});

describe('deliveries of events', () => {
  const faults = (options: Partial<FaultOptions>, agent = 'demo-1') => {
    const plan = new FaultPlan({ ...noFaults, ...options }, week);
    return Array.from({ length: 500 }, () => plan.faultsOf({ ...instance, agent }));
  };
  const delays = (options: Partial<FaultOptions>) =>
    faults(options).flatMap(({ eventDelays }) => eventKinds.map((kind) => eventDelays[kind]));

  it('are up to 3 s late, and lost or duplicated as often as configured', () => {
    const usual = delays({});
    expect(usual.every((each) => each.length === 1 && each[0]! >= 0 && each[0]! <= 3)).toBe(true);
    expect(new Set(usual.map(([delay]) => Math.round(delay!)))).toEqual(new Set([0, 1, 2, 3]));
    const share = (of: readonly (readonly number[])[], length: number) =>
      of.filter((each) => each.length === length).length / of.length;
    const faulty = delays({ eventLoss: 0.2, eventDuplicates: 0.1 });
    expect(Math.abs(share(faulty, 0) - 0.2)).toBeLessThan(0.03);
    expect(Math.abs(share(faulty, 2) - 0.8 * 0.1)).toBeLessThan(0.02);
  });

  it('are drawn independently for each event', () => {
    const lost = faults({ eventLoss: 0.5 }).map(({ eventDelays }) =>
      eventKinds.map((kind) => (eventDelays[kind].length === 0 ? 'x' : '-')).join(''),
    );
    expect(new Set(lost).size).toBe(16);
  });

  it('are the same for the same seed, agent and launch, and change no other fault', () => {
    const some = { eventLoss: 0.2, eventDuplicates: 0.1, bootFailures: 0.3, hangsPerWeek: 2 };
    expect(faults(some)).toEqual(faults(some));
    expect(delays(some)).not.toEqual(delays({ ...some, seed: 2 }));
    expect(faults(some)).not.toEqual(faults(some, 'demo-2'));
    const others = (options: Partial<FaultOptions>) => faults(options).map(({ eventDelays: _, ...others }) => others);
    expect(others(some)).toEqual(others({ ...some, eventLoss: 0 }));
  });
});

describe('throttled launches', () => {
  it('are refused to agents as often as configured, and to nobody else', () => {
    const plan = new FaultPlan({ ...noFaults, throttledLaunches: 0.2 }, week);
    const refused = (kind: 'start' | 'auto recovery' | 'replica') =>
      Array.from({ length: 1000 }, () => plan.isThrottled({ ...instance, cause: { kind, id: 'r' } })).filter(Boolean);
    expect(refused('start')).toEqual([]);
    expect(refused('auto recovery')).toEqual([]);
    expect(Math.abs(refused('replica').length / 1000 - 0.2)).toBeLessThan(0.04);
  });
});
