const tiers = ['usual', 'ci', 'soak'] as const;

/** How much a run of the tests does (test/support/run/sizes.ts). */
export const tier = tiers.find((name) => name === (process.env.SIZES ?? 'usual')) ?? notOne();

function notOne(): never {
  throw new Error(`SIZES=${process.env.SIZES}: one of ${tiers.join(', ')} would be right`);
}
