import { describe, expect, it } from 'vitest';
import { policyBConfig } from '../../../../../functions/core/decision/policy-b/config.ts';
import type { JobInPools } from '../../../../../functions/core/decision/policy-b/job-in-pools.ts';
import { choosePlace } from '../../../../../functions/core/decision/policy-b/several-pools.ts';
import { recordGroup, type SeenPool, startGroup } from '../../../../../functions/core/decision/policy-b/tiers.ts';
import { tablesByShare } from '../../../../../functions/core/decision/policy-b/value-tables.ts';

const hour = 3600;
const tables = tablesByShare({ overhead: 1.2, work: 30, slack: 60, canIdle: true }, policyBConfig);
const seen = (id: string, price: number, ...state: [isUp?: boolean | undefined]): SeenPool => ({
  id,
  region: 'near',
  price,
  isUp: state.length === 0 ? true : state[0],
});

function place(pools: readonly SeenPool[], over: Partial<JobInPools> = {}) {
  const job: JobInPools = {
    timeLeft: 8 * hour,
    workLeft: 4 * hour,
    overhead: 720,
    period: 600,
    canIdle: true,
    place: { kind: 'idle' },
    overheadLeft: 0,
    region: null,
    regionMove: 1,
    regions: [
      { id: 'near', onDemandPrice: 3 },
      { id: 'far', onDemandPrice: 2.9 },
    ],
    pools,
    group: recordGroup(startGroup(pools), pools, 600, policyBConfig),
    ...over,
  };
  return choosePlace(job, tables, policyBConfig);
}

describe('a job with several pools', () => {
  it('takes the cheapest that is up', () => {
    const pools = [seen('a', 1.2), seen('b', 0.9), seen('c', 0.5, false)];
    expect(place(pools, { timeLeft: 5 * hour })).toEqual({ kind: 'spot', pool: 'b' });
  });

  it('stays in its pool rather than try one that is slightly cheaper', () => {
    const pools = [seen('here', 0.92), seen('unseen', 0.9, undefined)];
    const here = { kind: 'spot', pool: 'here' } as const;
    expect(place(pools, { place: here, region: 'near' })).toEqual(here);
  });

  it('counts the cost of a move to another region', () => {
    const near = seen('near', 0.91);
    const far = { ...seen('far', 0.9), region: 'far' };
    expect(place([near, far], { region: 'near' })).toEqual({ kind: 'spot', pool: 'near' });
    expect(place([near, far], { region: 'far' })).toEqual({ kind: 'spot', pool: 'far' });
  });

  it('waits while nothing is up and there is time', () => {
    const pools = [seen('a', 0.9, false)];
    expect(place(pools)).toEqual({ kind: 'idle' });
  });

  it('does not try Spot, however safe, without time for a lost launch and an on-demand one after it', () => {
    const pools = [seen('a', 0.9)];
    let group = startGroup(pools);
    for (let period = 0; period < 600; period += 1) group = recordGroup(group, pools, 600, policyBConfig);
    expect(place(pools, { group, timeLeft: 4.8 * hour })).toEqual({ kind: 'spot', pool: 'a' });
    expect(place(pools, { group, timeLeft: 4.6 * hour })).toEqual({ kind: 'on-demand', region: 'far' });
  });

  it('goes on-demand in the region where the rest of the job costs least', () => {
    const late = { timeLeft: 4.2 * hour, region: 'near' };
    expect(place([seen('a', 0.9, false)], late)).toEqual({ kind: 'on-demand', region: 'near' });
    expect(place([seen('a', 0.9, false)], { ...late, regionMove: 0.1 })).toEqual({ kind: 'on-demand', region: 'far' });
  });
});

describe('tiers', () => {
  it('hold the pools of about one price, and those of all cheaper tiers', () => {
    const { tiers } = startGroup([seen('dear', 2), seen('a', 1), seen('b', 1.02), seen('mid', 1.5)]);
    expect(tiers.map(({ pools }) => pools)).toEqual([['a', 'b'], ['a', 'b', 'mid'], ['a', 'b', 'mid', 'dear']]); // biome-ignore format: a tier each
  });

  it('are up while any of their pools is, down while all are, and otherwise unknown', () => {
    const isUp = (...states: (boolean | undefined)[]) => {
      const pools = states.map((state, index) => seen(`${index}`, 1, state));
      const [tier] = recordGroup(startGroup(pools), pools, 600, policyBConfig).tiers;
      return tier!.isKnown ? tier!.record!.isUp : undefined;
    };
    expect(isUp(true, undefined)).toBe(true);
    expect(isUp(false, undefined)).toBeUndefined();
    expect(isUp(false, false)).toBe(false);
  });

  it('do not count a pool as up that keeps being lost at once', () => {
    let group = startGroup([seen('a', 1)]);
    for (let period = 0; period < 40; period += 1)
      group = recordGroup(group, [seen('a', 1, period % 2 === 0)], 600, policyBConfig);
    expect(recordGroup(group, [seen('a', 1)], 600, policyBConfig).tiers[0]!.record!.isUp).toBe(false);
  });
});
