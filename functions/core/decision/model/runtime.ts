import { createRequire } from 'node:module';
import { join } from 'node:path';

export type Runtime = typeof import('onnxruntime-node');

/**
 * The ONNX runtime, which comes from a layer. An import would fail the whole function where the layer is missing, and
 * `import()` does not look where Lambda mounts layers (NODE_PATH).
 * @throws Error when it is missing
 */
export const loadRuntime = (): Runtime =>
  createRequire(join(import.meta.dirname, 'index.js'))('onnxruntime-node') as Runtime;
