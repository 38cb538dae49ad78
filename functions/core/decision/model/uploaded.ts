import { createHash } from 'node:crypto';
import { type LiveModel, uploadedName } from '../../model/live-model.ts';
import { readActivated } from './activated-file.ts';
import { GuardedModel } from './guarded-model.ts';
import { ModelProcess } from './model-process.ts';
import type { ModelSource } from './model-source.ts';

/** The model of the session that operators have activated, in a process of its own. */
export const uploadedModel = ({ id, sha256 }: LiveModel): ModelSource => ({
  kind: uploadedName(id),
  async open(deadline) {
    const bytes = await readActivated(id, deadline);
    const hash = createHash('sha256').update(bytes).digest('hex');
    if (hash !== sha256) throw new Error(`its file has the hash ${hash}; the file that was activated had ${sha256}`);
    const model = new ModelProcess();
    try {
      await model.load(bytes, deadline);
    } catch (error) {
      model.end();
      throw error;
    }
    return {
      name: `${uploadedName(id)}#${hash.slice(0, 12)}`,
      infer: model.infer.bind(model),
      close: () => model.end(),
    };
  },
});

/** This container's uploaded model: one at a time, and none while none is live. */
export class UploadedModels {
  readonly #sourceOf: (live: LiveModel) => ModelSource;
  #live: LiveModel | null = null;
  #model: GuardedModel | undefined;

  constructor(sourceOf = uploadedModel) {
    this.#sourceOf = sourceOf;
  }

  /** @returns the model of `live`, the same one while `live` does not change; the previous one is closed */
  modelOf(live: LiveModel | null): GuardedModel | undefined {
    if (live?.id === this.#live?.id && live?.sha256 === this.#live?.sha256) return this.#model;
    this.#model?.close();
    this.#live = live;
    this.#model = live ? new GuardedModel(this.#sourceOf(live)) : undefined;
    return this.#model;
  }
}
