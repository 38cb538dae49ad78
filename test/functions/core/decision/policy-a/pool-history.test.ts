import { describe, expect, it } from 'vitest';
import { featureNames, featuresOf } from '../../../../../functions/core/decision/policy-a/features.ts';
import type { Availability } from '../../../../../functions/core/decision/policy-a/input.ts';
import { PoolHistoryTracker } from '../../../../../functions/core/decision/policy-a/pool-history.ts';

/** The history after these periods of ten minutes, a letter for each, and the tracker that has it. */
const historyOf = (periods: string) => trackerOf(periods).history();

function trackerOf(periods: string) {
  const tracker = new PoolHistoryTracker(600);
  const meaning: Record<string, Availability> = { u: 'up', d: 'down', '?': 'unknown' };
  for (const letter of periods) tracker.observe(meaning[letter]!);
  return tracker;
}

describe('the history of a pool', () => {
  it('has the lengths of its spells, and the number of losses', () => {
    const history = historyOf('uuudduuuuuu');
    expect(history).toMatchObject({ drops1h: 0, drops24h: 1, drops7d: 1, unseenHours: 0 });
    expect(history.upHours).toBeCloseTo(1, 9);
    expect(history.previousUpHours).toBeCloseTo(0.5, 9);
    expect(history.downHoursBefore).toBeCloseTo(1 / 3, 9);
    expect(history.upHours7d).toBeCloseTo(1.5, 9);
  });

  it('forgets what is older than its windows', () => {
    const history = historyOf(`u${'d'.repeat(144)}`);
    expect(history).toMatchObject({ drops24h: 1, drops7d: 1, upHours24h: 0 });
    expect(historyOf(`u${'d'.repeat(145)}`).drops24h).toBe(0);
  });

  it('has the share of the last day in which it was observed, whatever was observed', () => {
    expect(trackerOf('').observedShare()).toBe(0);
    expect(trackerOf('u'.repeat(36) + '?'.repeat(36) + 'd'.repeat(36)).observedShare()).toBeCloseTo(0.5, 9);
    expect(trackerOf(`${'ud'.repeat(100)}${'?'.repeat(108)}`).observedShare()).toBeCloseTo(0.25, 9);
  });

  it('counts unknown periods neither as up nor as down', () => {
    const history = historyOf('uu???');
    expect(history).toMatchObject({ drops7d: 0, unseenHours: 0.5 });
    expect(history.upHours).toBeCloseTo(1 / 3, 9);
    expect(historyOf('uu???d').drops7d).toBe(1);
    expect(historyOf('???')).toMatchObject({ upHours: 0, upHours7d: 0, previousUpHours: null });
  });
});

describe('features', () => {
  it('of siblings leave out those of unknown availability', () => {
    const view = (availability: Availability) => ({
      id: availability,
      price: 1,
      availability,
      history: historyOf('u'),
    });
    const siblingsUp = (...all: Availability[]) => featuresOf(all.map(view))[0]![featureNames.indexOf('siblingsUp')];
    expect(siblingsUp('up', 'up', 'down')).toBe(0.5);
    expect(siblingsUp('up', 'up', 'unknown')).toBe(1);
    expect(siblingsUp('up', 'unknown')).toBe(0.5);
    expect(siblingsUp('up')).toBe(0);
  });
});
