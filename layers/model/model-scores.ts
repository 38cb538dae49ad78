/** Scores of predicted chances. */
export interface ModelScores {
  readonly rows: number;
  /** The share of rows that came true. */
  readonly baseRate: number;
  /** The chance that a row that came true has a higher predicted chance than one that did not. */
  readonly auc: number;
  /** The mean squared error. */
  readonly brier: number;
  /** Expected calibration error: mean distance of prediction from outcome, over ten bins of predicted chances. */
  readonly ece: number;
}

export function scoreChances(chances: readonly number[], outcomes: readonly boolean[]): ModelScores {
  const rows = chances.length;
  const positives = outcomes.filter(Boolean).length;
  const squares = chances.reduce((sum, chance, row) => sum + (chance - Number(outcomes[row])) ** 2, 0);
  return {
    rows,
    baseRate: positives / rows,
    auc: (positiveRanks(chances, outcomes) - (positives * (positives + 1)) / 2) / (positives * (rows - positives)),
    brier: squares / rows,
    ece: calibrationError(chances, outcomes),
  };
}

/** The sum of the ranks of rows that came true; tied rows share their mean rank. */
function positiveRanks(chances: readonly number[], outcomes: readonly boolean[]): number {
  const order = chances.map((_, row) => row).sort((a, b) => chances[a]! - chances[b]!);
  let sum = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && chances[order[to]!] === chances[order[from]!]) to += 1;
    const rank = (from + 1 + to) / 2;
    for (const row of order.slice(from, to)) if (outcomes[row]) sum += rank;
    from = to;
  }
  return sum;
}

const bins = 10;

function calibrationError(chances: readonly number[], outcomes: readonly boolean[]): number {
  const difference = new Float64Array(bins);
  for (const [row, chance] of chances.entries())
    difference[Math.min(bins - 1, Math.floor(chance * bins))]! += chance - Number(outcomes[row]);
  return difference.reduce((sum, value) => sum + Math.abs(value), 0) / chances.length;
}
