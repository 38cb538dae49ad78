import { createHash } from 'node:crypto';
import { knownPool } from '../availability/pool-states.ts';
import type { HazardModel } from './hazard-model.ts';
import { type HazardWeights, hazards } from './policy-a/hazard.ts';

/** The half-hour weights of layers/model/model.json. A test checks that both give the same hazards to a millionth. */
export const fittedWeights: HazardWeights = {
  intercept: -0.42762,
  rate7d: 0.2884,
  rate24h: 0.24366,
  upHours: -0.54641,
  drops1h: 0.10745,
  siblingsUp: -0.37703,
  siblingDrops1h: 0.25624,
  previousUpHours: -0.07376,
  downHoursBefore: 0.09476,
};

const hash = createHash('sha256').update(JSON.stringify(fittedWeights)).digest('hex').slice(0, 12);

export const fittedName = `fitted@${hash}`;

/** The fallback in TypeScript, which needs no layer. */
export const fittedHazards: HazardModel = {
  known: knownPool,
  hazards: async (groups) => ({
    hazards: groups.map((pools) => hazards(pools, fittedWeights)),
    chances: null,
    model: fittedName,
    isDegraded: true,
  }),
};
