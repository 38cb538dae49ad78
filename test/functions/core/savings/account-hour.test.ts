import { describe, expect, it } from 'vitest';
import { accountHour, type Life } from '../../../../functions/core/savings/account-hour.ts';
import { toText } from '../../../../functions/core/savings/money.ts';
import type { Overlay } from '../../../../functions/core/savings/overlay.ts';
import fc from '../../../support/fast-check.ts';
import { stepMs, walkThroughHour } from '../../../support/savings-oracle.ts';

const hour = Date.parse('2026-03-02T10:00:00Z');
const minute = 60_000;
const at = (minutes: number) => hour + minutes * minute;

const life = (over: Partial<Life> = {}): Life => ({
  instanceId: 'i-1',
  instanceType: 'm5.large',
  mode: 'spot',
  from: at(-600),
  to: undefined,
  primarySince: at(-600),
  servedUntil: undefined,
  isInterrupted: false,
  spot: [{ from: at(-5), micros: 30_000n }],
  onDemand: [{ from: at(-600), micros: 100_000n }],
  reportedSpot: undefined,
  reportedOnDemand: undefined,
  ...over,
});
const standby = (over: Partial<Life> = {}) => life({ instanceId: 'i-2', primarySince: undefined, ...over });

const always = { from: undefined, until: undefined };

const costs = (lives: readonly Life[], overlays: readonly Overlay[] = []) =>
  Object.fromEntries(
    accountHour(lives, overlays, hour).map(({ instanceId, baseline, actual }) => [
      instanceId,
      `${toText(baseline)} - ${toText(actual)}`,
    ]),
  );

describe('an hour of an agent', () => {
  it('on Spot saves the difference to on-demand', () => {
    expect(costs([life()])).toEqual({ 'i-1': '0.100000 - 0.030000' });
  });

  it('on-demand saves nothing', () => {
    expect(costs([life({ mode: 'ondemand' })])).toEqual({ 'i-1': '0.100000 - 0.100000' });
  });

  it('costs more when Spot is dearer, and the loss is shown as well', () => {
    const dear = life({ spot: [{ from: at(-5), micros: 130_000n }] });
    expect(costs([dear])).toEqual({ 'i-1': '0.100000 - 0.130000' });
  });

  it('with a standby includes its cost, and has one baseline', () => {
    expect(costs([life(), standby()])).toEqual({ 'i-1': '0.100000 - 0.030000', 'i-2': '0.000000 - 0.030000' });
  });

  it('with a zombie includes its cost until it is gone', () => {
    const zombie = life({ servedUntil: at(15), to: at(30) });
    const next = life({ instanceId: 'i-2', from: at(10), primarySince: at(15) });
    expect(costs([zombie, next])).toEqual({ 'i-1': '0.025000 - 0.015000', 'i-2': '0.075000 - 0.025000' });
  });

  it('has no baseline while the agent has no primary', () => {
    expect(costs([life({ to: at(15), servedUntil: at(15) })])).toEqual({ 'i-1': '0.025000 - 0.007500' });
  });

  it('follows the price, to the second', () => {
    const moved = life({
      spot: [
        { from: at(-5), micros: 30_000n },
        { from: at(30), micros: 60_000n },
      ],
    });
    expect(costs([moved])).toEqual({ 'i-1': '0.100000 - 0.045000' });
  });

  it('is free if EC2 takes a Spot instance within its first hour, but not if we end it', () => {
    const brief = { from: at(-20), primarySince: at(-20), to: at(30), servedUntil: at(30) };
    expect(costs([life({ ...brief, isInterrupted: true })])).toEqual({ 'i-1': '0.050000 - 0.000000' });
    expect(costs([life(brief)])).toEqual({ 'i-1': '0.050000 - 0.015000' });
    expect(costs([life({ ...brief, from: at(-31), isInterrupted: true })])).toEqual({ 'i-1': '0.050000 - 0.015000' });
  });

  it('without a known price counts for nothing, and says so', () => {
    const [blind] = accountHour([life({ spot: [] })], [], hour);
    expect(blind).toMatchObject({ baseline: 0n, actual: 0n, ranMs: 60 * minute, unpricedMs: 60 * minute });
    expect(costs([life({ spot: [], reportedSpot: 40_000n })])).toEqual({ 'i-1': '0.100000 - 0.040000' });
  });

  it('goes by what the tenant pays: a share of the price or a price of its own, by type before all types', () => {
    const share: Overlay = {
      label: 'Share',
      instanceType: '',
      mode: 'ondemand',
      multiplier: '0.720000',
      hourlyPrice: null,
      ...always,
    };
    const own: Overlay = {
      label: 'Own',
      instanceType: 'm5.large',
      mode: 'spot',
      multiplier: null,
      hourlyPrice: '0.020000',
      ...always,
    };
    expect(costs([life()], [share, own])).toEqual({ 'i-1': '0.072000 - 0.020000' });
    expect(costs([life({ mode: 'ondemand' })], [share, own])).toEqual({ 'i-1': '0.072000 - 0.072000' });
    const dearer: Overlay = { ...share, instanceType: 'm5.large', multiplier: '0.800000' };
    expect(costs([life()], [share, dearer])).toEqual({ 'i-1': '0.080000 - 0.030000' });
  });

  it('names the overlays that priced it, and no others', () => {
    const share: Overlay = {
      label: 'Share',
      instanceType: '',
      mode: 'ondemand',
      multiplier: '0.72',
      hourlyPrice: null,
      ...always,
    };
    const ofType: Overlay = { ...share, label: 'Of the type', instanceType: 'm5.large', until: at(30) };
    const spot: Overlay = { ...share, label: 'Spot', mode: 'spot' };
    const named = (lives: readonly Life[], ...overlays: Overlay[]) =>
      accountHour(lives, overlays, hour).map((one) => one.overlays);
    expect(named([life()])).toEqual([[]]);
    expect(named([life()], share)).toEqual([['Share']]);
    expect(named([life()], share, ofType, spot)).toEqual([['Spot', 'Of the type', 'Share']]);
    expect(named([life(), standby()], share, spot)).toEqual([['Spot', 'Share'], ['Spot']]);
    expect(named([life()], { ...share, instanceType: 'c5.large' }, { ...share, until: at(0) })).toEqual([[]]);
    const free = life({ from: at(0), to: at(30), primarySince: at(0), isInterrupted: true });
    expect(named([free], spot)).toEqual([[]]);
  });
});

describe('an overlay that begins and ends', () => {
  const share: Overlay = {
    label: 'Share',
    instanceType: '',
    mode: 'ondemand',
    multiplier: '0.500000',
    hourlyPrice: null,
    ...always,
  };
  const costOf = (...overlays: Overlay[]) => costs([life({ mode: 'ondemand' })], overlays)['i-1'];

  it('counts from its first millisecond to before its last', () => {
    expect(costOf({ ...share, from: at(30) })).toBe('0.075000 - 0.075000');
    expect(costOf({ ...share, until: at(30) })).toBe('0.075000 - 0.075000');
    expect(costOf({ ...share, from: at(0), until: at(60) })).toBe('0.050000 - 0.050000');
    expect(costOf({ ...share, from: at(60) })).toBe('0.100000 - 0.100000');
    expect(costOf({ ...share, until: at(0) })).toBe('0.100000 - 0.100000');
  });

  it('leaves the rest of the time to the overlay of all types', () => {
    const ofType: Overlay = { ...share, instanceType: 'm5.large', multiplier: '0.200000', until: at(30) };
    expect(costOf(share, ofType)).toBe('0.035000 - 0.035000');
  });

  it('takes the place of the one before it', () => {
    const [first, next] = [
      { ...share, until: at(15) },
      { ...share, multiplier: '0.600000', from: at(15) },
    ];
    expect(costOf(first, next)).toBe('0.057500 - 0.057500');
  });
});

// --- Against an oracle -------------------------------------------------------------------------------------------------

const time = fc.integer({ min: -270, max: 200 }).map((steps) => hour + steps * stepMs);
const price = fc.integer({ min: 1, max: 300_000 }).map(BigInt);
const steps = fc
  .uniqueArray(fc.record({ from: fc.oneof(time, fc.constant(hour - 86_400_000 + 40 * stepMs)), micros: price }), {
    maxLength: 6,
    selector: ({ from }) => from,
  })
  .map((all) => all.toSorted((a, b) => a.from - b.from));

const lifeOf = (index: number) =>
  fc
    .record({
      mode: fc.constantFrom('spot', 'ondemand', 'unknown'),
      instanceType: fc.constantFrom('m5.large', 'c5.large'),
      from: time,
      ranSteps: fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined }),
      primaryAfter: fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined }),
      servesSteps: fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined }),
      isInterrupted: fc.boolean(),
      spot: steps,
      onDemand: steps,
      reportedSpot: fc.option(price, { nil: undefined }),
      reportedOnDemand: fc.option(price, { nil: undefined }),
    })
    .map(({ ranSteps, primaryAfter, servesSteps, from, ...rest }): Life => {
      const to = ranSteps === undefined ? undefined : from + ranSteps * stepMs;
      // No two become the primary in the same moment.
      const primarySince = primaryAfter === undefined ? undefined : from + primaryAfter * stepMs + index;
      return {
        instanceId: `i-${index}`,
        ...rest,
        from,
        to,
        primarySince: primarySince === undefined ? undefined : Math.ceil(primarySince / stepMs) * stepMs,
        servedUntil: servesSteps === undefined ? undefined : from + servesSteps * stepMs,
        isInterrupted: rest.isInterrupted && to !== undefined,
      };
    });

const overlay = fc
  .record({
    instanceType: fc.constantFrom('', 'm5.large', 'c5.large'),
    mode: fc.constantFrom('spot', 'ondemand'),
    multiplier: fc.constantFrom('0.500000', '0.720000', '1.000000', '1.100000'),
    hourlyPrice: fc.option(fc.constantFrom('0.010000', '0.055000')),
    from: fc.option(time, { nil: undefined }),
    until: fc.option(time, { nil: undefined }),
  })
  .map((one): Overlay => ({ ...one, label: 'Any', multiplier: one.hourlyPrice === null ? one.multiplier : null }));

/** Half of its price is half a micro-dollar above a whole one, and 0.254223 * 1e6 is a float just below 254,223. */
const costingHalfAMicroDollar = life({ mode: 'ondemand', onDemand: [{ from: at(-600), micros: 254_223n }] });

it('agrees with a walk through the hour on 10,000 random histories, to a millionth of a dollar', () => {
  const lives = fc
    .tuple(lifeOf(1), lifeOf(2), lifeOf(3))
    .chain((all) => fc.subarray(all, { minLength: 1 }))
    // If two became the primary at once, either of them may count.
    .filter((all) => new Set(all.map(({ primarySince }) => primarySince)).size === all.length);
  const overlays = fc.uniqueArray(overlay, {
    maxLength: 3,
    selector: ({ instanceType, mode }) => `${instanceType} ${mode}`,
  });
  fc.assert(
    fc.property(lives, overlays, (those, paid) => {
      const expected = walkThroughHour(those, paid, hour);
      const got = accountHour(those, paid, hour);
      expect(got.map(({ instanceId }) => instanceId).toSorted()).toEqual([...expected.keys()].toSorted());
      for (const { instanceId, baseline, actual } of got) {
        const sum = expected.get(instanceId)!;
        expect(Math.abs(Number(baseline) / 1e6 - sum.baseline), `baseline of ${instanceId}`).toBeLessThanOrEqual(1e-6);
        expect(Math.abs(Number(actual) / 1e6 - sum.actual), `cost of ${instanceId}`).toBeLessThanOrEqual(1e-6);
      }
    }),
    {
      numRuns: 10_000,
      examples: [
        [
          [costingHalfAMicroDollar],
          [{ label: 'Half', instanceType: '', mode: 'ondemand', multiplier: '0.500000', hourlyPrice: null, ...always }],
        ],
      ],
    },
  );
});
