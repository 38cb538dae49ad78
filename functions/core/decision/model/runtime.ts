import { createRequire } from 'node:module';
import { join } from 'node:path';

export type Runtime = typeof import('onnxruntime-node');

/**
 * The ONNX runtime, which comes from a layer. An import would fail the whole function where the layer is missing, and
 * `import()` does not look where Lambda mounts layers (NODE_PATH). It sends no telemetry (docs/adr/0089).
 * @throws Error when it is missing
 */
export function loadRuntime(): Runtime {
  process.env.ORT_DISABLE_TELEMETRY = '1';
  return createRequire(join(import.meta.dirname, 'index.js'))('onnxruntime-node') as Runtime;
}
