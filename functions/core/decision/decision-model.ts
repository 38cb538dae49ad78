import { decisionEnv } from '../../shared/env.ts';
import type { HazardModel } from './hazard-model.ts';
import { builtInModel } from './model/built-in.ts';
import { GuardedModel } from './model/guarded-model.ts';
import { layeredHazards } from './model/layered-hazards.ts';

let model: HazardModel | undefined;

/** The hazard model of this container. It loads what it needs at first use. */
export function decisionModel(): HazardModel {
  model ??= layeredHazards(new GuardedModel(builtInModel(decisionEnv().MODEL_DIR)));
  return model;
}
