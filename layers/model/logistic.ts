/** A fitted logistic model. */
export interface Logistic {
  readonly intercept: number;
  readonly weights: readonly number[];
}

export interface Example {
  readonly features: readonly number[];
  readonly isPositive: boolean;
}

/** Keeps the weights finite if the examples are perfectly separable; otherwise too small to matter. */
const ridge = 1;
const rounds = 25;

/** Fits the maximum-likelihood model by Newton's method. The same examples in the same order give the same numbers. */
export function fitLogistic(examples: readonly Example[]): Logistic {
  const size = examples[0]!.features.length + 1;
  let weights = new Float64Array(size);
  for (let round = 0; round < rounds; round += 1) {
    const gradient = weights.map((weight, i) => (i === 0 ? 0 : -ridge * weight));
    const hessian = Array.from({ length: size }, (_, i) => new Float64Array(size).fill(0).with(i, i === 0 ? 0 : ridge));
    for (const { features, isPositive } of examples) {
      const p = chanceOf({ intercept: weights[0]!, weights: [...weights.subarray(1)] }, features);
      const [error, curve] = [Number(isPositive) - p, p * (1 - p)];
      for (let i = 0; i < size; i += 1) {
        const x = i === 0 ? 1 : features[i - 1]!;
        gradient[i]! += error * x;
        const row = hessian[i]!;
        for (let j = 0; j <= i; j += 1) row[j]! += curve * x * (j === 0 ? 1 : features[j - 1]!);
      }
    }
    const step = solve(hessian, gradient);
    weights = weights.map((weight, i) => weight + step[i]!);
    if (step.every((change) => Math.abs(change) < 1e-10)) break;
  }
  return { intercept: weights[0]!, weights: [...weights.subarray(1)] };
}

export function chanceOf({ intercept, weights }: Logistic, features: readonly number[]): number {
  let logit = intercept;
  for (let i = 0; i < weights.length; i += 1) logit += weights[i]! * features[i]!;
  return 1 / (1 + Math.exp(-logit));
}

/** Solves a symmetric positive definite system by Cholesky decomposition. Only the lower half of the matrix is read. */
function solve(matrix: readonly Float64Array[], right: Float64Array): Float64Array {
  const size = right.length;
  const lower = matrix.map((row) => row.slice());
  const result = right.slice();
  for (let i = 0; i < size; i += 1)
    for (let j = 0; j <= i; j += 1) {
      let sum = lower[i]![j]!;
      for (let k = 0; k < j; k += 1) sum -= lower[i]![k]! * lower[j]![k]!;
      lower[i]![j] = i === j ? Math.sqrt(sum) : sum / lower[j]![j]!;
    }
  for (let i = 0; i < size; i += 1) {
    for (let k = 0; k < i; k += 1) result[i]! -= lower[i]![k]! * result[k]!;
    result[i]! /= lower[i]![i]!;
  }
  for (let i = size - 1; i >= 0; i -= 1) {
    for (let k = i + 1; k < size; k += 1) result[i]! -= lower[k]![i]! * result[k]!;
    result[i]! /= lower[i]![i]!;
  }
  return result;
}
