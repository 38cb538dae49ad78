import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What became of a model that was tried. */
export type Probed = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** A model that needs longer for sixteen rows would hold every decision up. */
const probeMs = 5_000;

/** Half of what its Lambda has; Node and the runtime with a model like ours take 90 MB. */
const mostMB = 512;
/** An allocation is filled by some megabytes in a millisecond. */
const lookMs = 20;

/** What the child may know: where Node and the ONNX runtime are, and no credential of ours. */
const passedOn = ['PATH', 'NODE_PATH', 'LD_LIBRARY_PATH'];

/**
 * Loads a model and runs it on some rows, in a process of its own: what is uploaded may be made to crash its reader, to loop,
 * or to take all memory (docs/adr/0052).
 * @param bytes what was uploaded as ONNX
 */
export function probeModel(bytes: Uint8Array, { timeoutMs = probeMs } = {}): Promise<Probed> {
  const env = Object.fromEntries(passedOn.map((name) => [name, process.env[name]]));
  const child = fork(join(import.meta.dirname, 'probe-child.js'), { env, serialization: 'advanced', stdio: 'ignore' });
  const { promise, resolve } = Promise.withResolvers<Probed>();
  const end = (why: string) => {
    resolve({ ok: false, why });
    child.kill('SIGKILL');
  };
  const timer = setTimeout(() => end(`it gave no answer within ${timeoutMs / 1000} s`), timeoutMs);
  const guard = setInterval(() => {
    if (megabytesOf(child.pid) > mostMB) end(`it needs more than ${mostMB} MB of memory`);
  }, lookMs);
  child.once('message', (probed) => resolve(probed as Probed));
  child.once('error', (error) => resolve({ ok: false, why: `it could not be tried: ${error.message}` }));
  child.once('exit', (code, signal) => {
    clearTimeout(timer);
    clearInterval(guard);
    resolve({ ok: false, why: `the ONNX runtime ended while it read it (${signal ?? code})` });
  });
  child.send({ bytes }, (error) => {
    if (error) resolve({ ok: false, why: `it could not be tried: ${error.message}` });
  });
  return promise;
}

/** What a process holds in memory; 0 where that cannot be seen. */
function megabytesOf(pid: number | undefined): number {
  try {
    const [, rss] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(rss ?? 0) / 1024;
  } catch {
    return 0; // it has ended, or this is no Linux
  }
}
