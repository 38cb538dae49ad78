import { createHash } from 'node:crypto';
import { knownPool } from '../availability/pool-states.ts';
import type { HazardModel } from './hazard-model.ts';
import { policyAConfig } from './policy-a/config.ts';
import { hazards } from './policy-a/hazard.ts';

const hash = createHash('sha256').update(JSON.stringify(policyAConfig.hazard)).digest('hex').slice(0, 12);

/** The weights that policy A was scored with: what there is without a layer. */
export const fittedHazards: HazardModel = {
  name: `fitted@${hash}`,
  known: knownPool,
  hazards: async (groups) => groups.map((pools) => hazards(pools, policyAConfig.hazard)),
};
