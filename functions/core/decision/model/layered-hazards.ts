import { knownPool } from '../../availability/pool-states.ts';
import { fittedHazards } from '../fitted-hazards.ts';
import type { HazardModel } from '../hazard-model.ts';
import { featuresOf } from '../policy-a/features.ts';
import { hazardOf } from '../policy-a/hazard.ts';
import type { GuardedModel } from './guarded-model.ts';
import { shape } from './session.ts';

/** Chances are of 24 bits: what rounds to 1 would be an infinite hazard, which JSON cannot keep. */
const mostChance = 1 - 2 ** -24;

/** Hazards by the model of the layer, and by the weights in TypeScript while that fails. */
export const layeredHazards = (builtIn: GuardedModel): HazardModel => ({
  known: knownPool,
  async hazards(groups, now) {
    const rows = groups.flatMap(featuresOf);
    if (rows.length === 0) return fittedHazards.hazards(groups, now);
    const inferred = await builtIn.infer(Float32Array.from(rows.flat()), rows.length, now);
    if (!inferred) return fittedHazards.hazards(groups, now);
    let row = 0;
    const next = () => {
      const chance = inferred.chances[row * shape.chances]!;
      row += 1;
      return hazardOf(Math.min(chance, mostChance));
    };
    return { hazards: groups.map((pools) => pools.map(next)), model: inferred.name, isDegraded: false };
  },
});
