import fc from 'fast-check';
import { inject } from 'vitest';

// Each test imports fast-check from here: its random values then derive from the run's seed.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: inject('runSeed') });

export default fc;
export type { Arbitrary } from 'fast-check';
