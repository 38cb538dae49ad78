import { knownPool } from '../../availability/pool-states.ts';
import { fittedHazards } from '../fitted-hazards.ts';
import type { HazardModel } from '../hazard-model.ts';
import { featuresOf } from '../policy-a/features.ts';
import { hazardOf } from '../policy-a/hazard.ts';
import type { GuardedModel } from './guarded-model.ts';
import { shape } from './session.ts';
import { UploadedModels } from './uploaded.ts';

/** Chances have 24 bits. One that rounds to 1 would give an infinite hazard, which JSON cannot hold. */
const mostChance = 1 - 2 ** -24;

/**
 * Hazards by the live model. If none is live, or while it fails, by the layer's model; while that fails too, by the
 * weights in TypeScript.
 */
export const layeredHazards = (builtIn: GuardedModel, uploaded = new UploadedModels()): HazardModel => ({
  known: knownPool,
  async hazards(groups, live, now) {
    const rows = groups.flatMap(featuresOf);
    if (rows.length === 0) return fittedHazards.hazards(groups, live, now);
    const features = Float32Array.from(rows.flat());
    const byUpload = await uploaded.modelOf(live)?.infer(features, rows.length, now);
    const inferred = byUpload ?? (await builtIn.infer(features, rows.length, now));
    if (!inferred) return fittedHazards.hazards(groups, live, now);
    let row = 0;
    const nextChances = () => {
      const from = row * shape.chances;
      row += 1;
      return Array.from(inferred.chances.subarray(from, from + shape.chances));
    };
    const chances = groups.map((pools) => pools.map(nextChances));
    return {
      hazards: chances.map((ofGroup) => ofGroup.map(([first]) => hazardOf(Math.min(first!, mostChance)))),
      chances,
      model: inferred.name,
      isDegraded: live !== null && !byUpload,
    };
  },
});
