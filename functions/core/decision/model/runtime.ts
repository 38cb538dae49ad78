import { createRequire } from 'node:module';
import { join } from 'node:path';

export type Runtime = typeof import('onnxruntime-node');

/**
 * The ONNX runtime, which comes from a layer. Not by an import: that would fail the whole function where the layer is missing, and
 * an `import()` does not look where Lambda keeps layers (NODE_PATH).
 * @throws Error when it is not there
 */
export const loadRuntime = (): Runtime =>
  createRequire(join(import.meta.dirname, 'index.js'))('onnxruntime-node') as Runtime;
