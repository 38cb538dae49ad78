import { expect, it } from 'vitest';
import { scoreNow } from '../../../../functions/core/pool/placement-scores.ts';

const now = new Date('2026-03-02T12:00:00Z');
const hoursAgo = (n: number) => new Date(now.getTime() - n * 3_600_000);

it.each([
  [7, hoursAgo(1), 7],
  [7, hoursAgo(48), 7],
  [7, hoursAgo(48.01), null],
  [7, null, null],
  [null, hoursAgo(1), null],
] as const)('a score of %s, asked for at %s, counts as %s', (score, at, counts) => {
  expect(scoreNow(score, at, now)).toBe(counts);
});
