import { describe, expect, it } from 'vitest';
import type { DecisionInput, JobFacts, PoolState } from '../../../../functions/core/decision/decision-input.ts';
import { decide } from '../../../../functions/core/decision/policy.ts';
import { policyBConfig } from '../../../../functions/core/decision/policy-b/config.ts';
import { recordGroup, startGroup } from '../../../../functions/core/decision/policy-b/tiers.ts';
import type { JobTerms } from '../../../../functions/core/decision/recommend-job.ts';
import fc from '../../../support/fast-check.ts';
import { movableAgent, usualConfig } from '../../../support/scenes/decision-input.ts';

const start = new Date('2026-03-04T12:00:00Z');
const seconds = start.getTime() / 1000;
const hour = 3600;

const pool = (zone: string, over: Partial<PoolState> = {}): PoolState => ({
  id: `p.us-east-1${zone}`,
  price: 0.3,
  at: start,
  interruptions30d: 0,
  availability: 'up',
  hazard: 0.05,
  ...over,
});

/** The group as stored once these pools have been up for this many periods. */
function groupOf(pools: readonly PoolState[], periods = 200): JobFacts['group'] {
  const seen = pools
    .toSorted((a, b) => a.price - b.price)
    .map(({ id, price }) => ({ id, price, region: 'here', isUp: true }));
  let group = startGroup(seen);
  for (let n = 0; n < periods; n += 1) group = recordGroup(group, seen, 600, policyBConfig);
  return {
    order: seen.map(({ id }) => id),
    pools: group.pools,
    tiers: group.tiers.map(({ pools: { length: size }, record, isKnown }) => ({
      size,
      record: record ?? null,
      isKnown,
    })),
  };
}

interface Over {
  readonly agent?: Partial<DecisionInput['agent']>;
  readonly config?: Partial<DecisionInput['config']>;
  readonly job?: Partial<JobFacts>;
  readonly currentSpot?: number;
}

const usualPools = [pool('a'), pool('b', { price: 0.5 })];
const onSpot = (poolId: string, currentSpot: number): Over => ({ agent: { mode: 'spot', poolId }, currentSpot });

function input(over: Over = {}, pools: readonly PoolState[] = usualPools): DecisionInput {
  return {
    agent: { ...movableAgent, switches24h: 50, switches7d: 200, ...over.agent },
    prices: { onDemand: 1, currentSpot: over.currentSpot ?? null, pools },
    config: { ...usualConfig, limitsHold: false, ...over.config },
    service: null,
    job: {
      deadline: seconds + 20 * hour,
      workLeft: 10 * hour,
      overhead: 720,
      overheadLeft: 0,
      observedShare: 1,
      group: groupOf(pools),
      ...over.job,
    },
  };
}
const tight = { deadline: seconds + 10 * hour + 900 };

describe('an agent with a deadline', () => {
  it('goes to the cheapest pool that is up, and says what each place costs', () => {
    const decision = decide(input(), start);
    expect(decision).toMatchObject({
      action: 'switch_spot',
      poolId: 'p.us-east-1a',
      allowed: true,
      policy: 'policy-b-3',
    });
    const { places, ...terms } = decision.terms as JobTerms;
    expect(terms).toMatchObject({ bound: 'free', time_left: 20 * hour, work_left: 10 * hour, slack: 10 * hour });
    expect(places.map(({ id }) => id).toSorted()).toEqual(['ondemand', 'p.us-east-1a', 'p.us-east-1b']);
    expect(places.map(({ cost_hours: cost }) => cost)).toEqual(
      places.map(({ cost_hours: cost }) => cost).toSorted((a, b) => a! - b!),
    );
  });

  it('leaves a pool for one that is cheaper by more than a launch costs, and not for one that is hardly cheaper', () => {
    const from = onSpot('p.us-east-1b', 0.5);
    expect(decide(input(from), start)).toMatchObject({ action: 'switch_spot', poolId: 'p.us-east-1a' });
    const alike = [pool('a', { price: 0.48 }), pool('b', { price: 0.5 })];
    expect(decide(input(from, alike), start)).toMatchObject({ action: 'stay', poolId: 'p.us-east-1b' });
    // With ten minutes of work left, a launch of an hour never pays.
    const short = { ...from, job: { workLeft: 600, overhead: 3600 } };
    expect(decide(input(short), start).action).toBe('stay');
  });

  it('in a pool that is hardly cheaper than on-demand repeats no overhead to pay the same', () => {
    const inPool = (price: number) =>
      decide(input({ ...onSpot('p.us-east-1a', price), job: { overhead: 1800 } }, [pool('a', { price })]), start);
    for (const price of [0.9, 0.99, 1, 1.04]) expect(inPool(price).action, `${price}`).toBe('stay');
    for (const price of [1.06, 2]) expect(inPool(price).action, `${price}`).toBe('switch_ondemand');
  });

  it('goes on-demand when its slack is used up, whatever limits, windows and waiting times say', () => {
    const held: Over = {
      agent: {
        mode: 'spot',
        poolId: 'p.us-east-1a',
        lastSwitchAt: start,
        lastEmergencyAt: start,
        lastFailedSwitchAt: start,
        hasEmergencyReplica: true,
      },
      currentSpot: 0.3,
      config: {
        limitsHold: true,
        disruptionWindows: { timeZone: 'UTC', windows: [{ days: ['sun'], from: '01:00', to: '02:00' }] },
      },
      job: tight,
    };
    expect(decide(input(held), start)).toMatchObject({
      action: 'switch_ondemand',
      allowed: true,
      isNeeded: true,
      terms: { bound: 'deadline', slack: 900 },
      reason: 'The deadline leaves time for only one launch, with 900 s to spare',
    });
    for (const [gate, agent] of [
      ['auto_switch_off', { autoSwitchEnabled: false }],
      ['open_command', { hasOpenCommand: true }],
      ['not_online', { status: 'offline' }],
    ] as const)
      expect(decide(input({ ...held, agent: { ...held.agent, ...agent } }), start)).toMatchObject({ failedGate: gate });
    // With time to spare, all of them hold it back.
    expect(
      decide(input({ ...held, agent: { ...held.agent, poolId: 'p.us-east-1b' }, currentSpot: 0.5, job: {} }), start),
    ).toMatchObject({
      action: 'switch_spot',
      failedGate: 'disruption_window',
    });
  });

  it('stays on-demand when its slack is used up, or when every pool is down', () => {
    expect(decide(input({ job: tight }), start)).toMatchObject({ action: 'stay', failedGate: 'no_action' });
    const down = usualPools.map((one): PoolState => ({ ...one, availability: 'down' }));
    expect(decide(input({}, down), start)).toMatchObject({ action: 'stay', mode: 'ondemand' });
  });

  it('tries a pool that nobody sees, but none whose price is old', () => {
    const unseen = [pool('a', { availability: 'unknown' })];
    expect(decide(input({ job: { group: groupOf(unseen, 0) } }, unseen), start).action).toBe('switch_spot');
    const old = [pool('a', { at: new Date(start.getTime() - 16 * 60_000) })];
    expect(decide(input({}, old), start).action).toBe('stay');
  });

  it('with many days of work is valued by its next hours, with their share of the time', () => {
    const long = { deadline: seconds + 60 * 24 * hour, workLeft: 40 * 24 * hour };
    expect(decide(input({ job: long }), start)).toMatchObject({ action: 'switch_spot', poolId: 'p.us-east-1a' });
  });

  it('is left to the other policies once its work is done or its deadline over', () => {
    expect(decide({ ...input(), job: null }, start).policy).toBe('rules-2');
  });
});

/** A pool: its price, and for how many seconds it is up and down in turn. */
interface Zone {
  readonly price: number;
  readonly spells: readonly number[];
}
const zone: fc.Arbitrary<Zone> = fc.record({
  price: fc.double({ min: 0.05, max: 1.2, noNaN: true }),
  spells: fc.array(fc.integer({ min: 1, max: 14_400 }), { minLength: 60, maxLength: 60 }),
});

function isUpAt({ spells }: Zone, at: number): boolean {
  let [end, isUp] = [0, true];
  for (const spell of spells) {
    end += spell;
    if (at < end) return isUp;
    isUp = !isUp;
  }
  return isUp;
}

/** Seconds to carry out a decision: it is fetched, and launched while the old instance works on. */
const moveSeconds = 120;
/** Seconds between two decisions: a little over five minutes, or twice that if a report is lost. */
const intervals = [310, 360, 330, 610, 345];

/**
 * Plays a job second by second. The real function decides at these intervals, EC2 takes instances at any time, and a
 * lost instance is replaced in any pool that is up, or else on-demand.
 * @returns seconds from its end to its deadline, below 0 if it was late; and which actions were decided
 */
function play(
  zones: readonly Zone[],
  job: { work: number; slack: number; overhead: number },
): { left: number; kinds: Set<string> } {
  const ids = zones.map((_, n) => `p.us-east-1${'abcdef'[n]}`);
  const deadline = job.work + job.slack + job.overhead;
  let [work, overheadLeft, place, nextDecision, count] = [job.work, job.overhead, -1, 0, 0];
  let pending: { place: number; at: number } | undefined;
  const kinds = new Set<string>();
  const launch = (to: number) => {
    place = to;
    overheadLeft = job.overhead;
  };
  for (let at = 0; at < 10 * deadline; at += 1) {
    if (work <= 0) return { left: deadline - at, kinds };
    if (place >= 0 && !isUpAt(zones[place]!, at)) {
      pending = undefined;
      launch(zones.findIndex((one) => isUpAt(one, at))); // another pool, or else on-demand
    }
    if (pending && at >= pending.at) {
      if (pending.place < 0 || isUpAt(zones[pending.place]!, at)) launch(pending.place);
      pending = undefined;
    }
    if (at >= nextDecision && at < deadline && !pending) {
      nextDecision = at + intervals[count % intervals.length]!;
      count += 1;
      const now = new Date(start.getTime() + at * 1000);
      const pools = zones.map(({ price }, n) =>
        pool('abcdef'[n]!, { price, at: now, availability: isUpAt(zones[n]!, at) ? 'up' : 'down' }),
      );
      const decision = decide(
        input(
          {
            agent: place < 0 ? {} : { mode: 'spot', poolId: ids[place]!, lastEmergencyAt: now },
            ...(place >= 0 && { currentSpot: zones[place]!.price }),
            job: {
              deadline: seconds + deadline,
              workLeft: work,
              overhead: job.overhead,
              overheadLeft,
              group: groupOf(pools, 3),
            },
          },
          pools,
        ),
        now,
      );
      kinds.add(decision.action);
      if (decision.allowed)
        pending = {
          place: decision.action === 'switch_spot' ? ids.indexOf(decision.poolId!) : -1,
          at: at + moveSeconds,
        };
    }
    if (overheadLeft > 0) overheadLeft -= 1;
    else work -= 1;
  }
  throw new Error('never done');
}

describe('a job', () => {
  it('is never late, whatever markets do, if it had time for its launch and its work', () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(
        fc.array(zone, { minLength: 1, maxLength: 3 }),
        fc.record({
          work: fc.integer({ min: 600, max: 6 * hour }),
          slack: fc.integer({ min: 0, max: 4 * hour }),
          overhead: fc.constantFrom(60, 300, 720, 1800),
        }),
        (zones, job) => {
          const played = play(zones, job);
          for (const kind of played.kinds) kinds.add(kind);
          expect(played.left).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 150 },
    );
    expect([...kinds].sort()).toEqual(['stay', 'switch_ondemand', 'switch_spot']);
  });
});
