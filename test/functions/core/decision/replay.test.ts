import { randomUUID } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecisionInput, JobFacts, ServiceFacts } from '../../../../functions/core/decision/decision-input.ts';
import { logDecisions } from '../../../../functions/core/decision/log.ts';
import { type Decision, decide } from '../../../../functions/core/decision/policy.ts';
import type { PoolRecord } from '../../../../functions/core/decision/policy-b/pool-record.ts';
import { packedAnswer, replay } from '../../../../functions/core/decision/replay.ts';
import { defaultTiming } from '../../../../functions/core/decision/timing.ts';
import { chunks } from '../../../../functions/shared/chunks.ts';
import type { Agent } from '../../../../functions/shared/schema.ts';
import fc from '../../../support/fast-check.ts';
import { Rig } from '../../../support/rig/rig.ts';
import { sizes } from '../../../support/run/sizes.ts';

const stored = sizes.replays;

const now = new Date('2026-03-04T12:00:00.123Z');
const seconds = Math.floor(now.getTime() / 1000);
const time = fc.integer({ min: 0, max: 5 * 3600_000 }).map((ms) => new Date(now.getTime() - ms));
const price = fc.double({ min: 0.0001, max: 5, noNaN: true });
const zones = ['a', 'b', 'c', 'd'].map((zone) => `p3.2xlarge.us-west-2${zone}`);

const service: fc.Arbitrary<ServiceFacts> = fc.record({
  slo: fc.record({
    availability: fc.constantFrom(0.99, 0.999, 0.9995, 0.9999),
    over: fc.constantFrom('week' as const, 'rolling' as const),
  }),
  weekStart: fc.constant(seconds - 2.5 * 86_400),
  downtime: fc.array(fc.record({ at: fc.nat(604_800).map((ago) => seconds - ago), seconds: fc.nat(60) }), {
    maxLength: 60,
  }),
  pacing: fc.option(
    fc.record({
      startedAt: fc.nat(1e6).map((ago) => seconds - ago),
      sums: fc.array(fc.double({ min: 0, max: 5000, noNaN: true }), { minLength: 30, maxLength: 30 }),
    }),
  ),
  observedShare: fc.double({ min: 0, max: 1, noNaN: true }),
  timing: fc.constant(defaultTiming),
  model: fc.constant('fitted@0123456789ab'),
  degraded: fc.boolean(),
});

const ends = fc.record({ seen: fc.nat(40), expected: fc.double({ min: 0, max: 60, noNaN: true }) });
const record = fc.record({ isUp: fc.boolean(), age: fc.nat(600_000), up: ends, down: ends });

const job: fc.Arbitrary<JobFacts> = fc.record({
  deadline: fc.integer({ min: 600, max: 5 * 86_400 }).map((left) => seconds + left),
  workLeft: fc.integer({ min: 1, max: 4 * 86_400 }),
  overhead: fc.constantFrom(60, 720, 3600),
  overheadLeft: fc.nat(720),
  observedShare: fc.double({ min: 0, max: 1, noNaN: true }),
  group: fc.record({
    order: fc.constant(zones),
    pools: fc.record(Object.fromEntries(zones.map((id) => [id, record])), { requiredKeys: [] }) as fc.Arbitrary<
      Record<string, PoolRecord>
    >,
    tiers: fc.uniqueArray(
      fc.record({ size: fc.integer({ min: 1, max: 4 }), record: fc.option(record), isKnown: fc.boolean() }),
      { selector: ({ size }) => size, minLength: 1 },
    ),
  }),
});

const input: fc.Arbitrary<DecisionInput> = fc.record({
  agent: fc.record({
    instanceId: fc.constant('i-1'),
    status: fc.constantFrom('online' as const, 'switching' as const),
    enabled: fc.constant(true),
    autoSwitchEnabled: fc.boolean(),
    mode: fc.constantFrom('spot' as const, 'ondemand' as const),
    poolId: fc.constantFrom(...zones),
    lastSwitchAt: fc.option(time),
    switches24h: fc.nat(4),
    switches7d: fc.nat(12),
    hasOpenCommand: fc.boolean(),
    lastEmergencyAt: fc.option(time),
    hasEmergencyReplica: fc.boolean(),
    lastFailedSwitchAt: fc.option(time),
  }),
  prices: fc.record({
    onDemand: fc.option(price, { freq: 20 }),
    currentSpot: fc.option(price, { freq: 20 }),
    pools: fc.uniqueArray(
      fc.record({
        id: fc.constantFrom(...zones),
        price,
        at: time,
        interruptions30d: fc.nat(40),
        availability: fc.constantFrom('up' as const, 'down' as const, 'unknown' as const),
        hazard: fc.double({ min: 1e-4, max: 20, noNaN: true }),
      }),
      { selector: ({ id }) => id, minLength: 1 },
    ),
  }),
  config: fc.record({
    minSavingsPercent: fc.double({ min: 0, max: 100, noNaN: true }),
    riskThreshold: fc.double({ min: 0, max: 1, noNaN: true }),
    maxSwitchesPerWeek: fc.nat(12),
    maxSwitchesPerDay: fc.nat(4),
    minPoolDurationHours: fc.nat(4),
    limitsHold: fc.boolean(),
    disruptionWindows: fc.option(
      fc.constant({ timeZone: 'Europe/Berlin', windows: [{ days: ['wed' as const], from: '12:30', to: '13:30' }] }),
    ),
  }),
  service: fc.option(service, { freq: 5 }),
  job: fc.option(job, { freq: 2 }),
});

describe('stored decisions', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(() => rig.stop());

  it(`give the same bytes when they are taken again: ${stored} of them`, async () => {
    const clientId = randomUUID();
    const inputs = fc.sample(input, { numRuns: stored, seed: 58 });
    for (const those of chunks(inputs, 50))
      await logDecisions(
        rig.db,
        now,
        those.map((one) => ({
          agent: { id: randomUUID(), clientId } as Agent,
          input: one,
          pools: [],
          decision: decide(one, now),
          source: 'loop',
        })),
      );
    const kinds = new Map<string, number>();
    const policies = new Set<string>();
    for (let after = ''; ; ) {
      const rows = await rig.db
        .selectFrom('decisions')
        .select(['id', 'inputs', 'decisionTime', 'answer', 'recommendedAction', 'modelVersion'])
        .where('clientId', '=', clientId)
        .where('id', '>', after)
        .orderBy('id')
        .limit(100)
        .execute();
      if (rows.length === 0) break;
      for (const row of rows) {
        const { kind } = replay(row);
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        policies.add(`${row.modelVersion} ${row.recommendedAction}`);
      }
      after = rows.at(-1)!.id;
    }
    expect(Object.fromEntries(kinds)).toEqual({ same: stored });
    expect([...policies].sort()).toEqual(
      ['policy-a-4', 'policy-b-3', 'rules-2'].flatMap((policy) =>
        ['stay', 'switch_ondemand', 'switch_spot'].map((action) => `${policy} ${action}`),
      ),
    );
  }, 300_000);
});

describe('a decision that is taken again', () => {
  const [one] = fc.sample(input, { numRuns: 1, seed: 1 });
  const asStored = (inputs: unknown, decision: Decision) => ({
    inputs: JSON.parse(JSON.stringify(inputs)),
    decisionTime: now,
    answer: packedAnswer(decision),
  });

  it('is different if an input was', () => {
    const decision = decide(one!, now);
    expect(replay(asStored(one, decision)).kind).toBe('same');
    const disabled = { ...one!, agent: { ...one!.agent, enabled: false, status: 'offline' } };
    expect(replay(asStored(disabled, { ...decision, reason: 'x' })).kind).toBe('different');
  });

  it('is reported as incomplete if not all of it was kept', () => {
    const decision = decide(one!, now);
    const omitted = { ...one!, prices: { ...one!.prices, poolsOmitted: 3 } };
    expect(replay(asStored(omitted, decision))).toMatchObject({
      kind: 'incomplete',
      why: expect.stringMatching(/^3 of/),
    });
    const long = {
      ...decision,
      reason:
        deflateSync(randomUUID().repeat(3)).toString('hex') + Array.from({ length: 200 }, () => randomUUID()).join(''),
    };
    expect(replay(asStored(one, long))).toMatchObject({ kind: 'incomplete' });
  });
});
