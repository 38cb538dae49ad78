import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { functionNames } from '../../../functions/lambdas.ts';
import { LambdaThreads } from '../../../local/aws/lambda-threads.ts';

let directory: string;
let threads: LambdaThreads | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bundles-'));
});
afterEach(async () => {
  await threads?.close();
  await rm(directory, { recursive: true });
});

/** Threads in which every function has this handler. */
async function given(handler: string, size = 1): Promise<LambdaThreads> {
  for (const name of functionNames) {
    await mkdir(join(directory, name));
    await writeFile(join(directory, name, 'index.js'), `let calls = 0; exports.handler = ${handler};`);
  }
  threads = new LambdaThreads({ size, directory });
  return threads;
}

const call = { timeoutMs: 20_000 };

it('runs functions in other threads, each loaded once per thread, in the thread with the least to do', async () => {
  const { invoke } = await given(
    `async (event) => {
    calls += 1;
    await new Promise((later) => setTimeout(later, event.ms));
    return [require('node:worker_threads').threadId, calls];
  }`,
    2,
  );
  const long = invoke('agent', { ms: 50 }, call);
  const short = [await invoke('agent', { ms: 0 }, call), await invoke('agent', { ms: 0 }, call)] as [number, number][];
  const [thread, calls] = (await long) as [number, number];
  expect(calls).toBe(1);
  expect(short.map(([, calls]) => calls)).toEqual([1, 2]);
  expect(new Set([threadId, thread, ...short.map(([id]) => id)]).size).toBe(3);
});

it('keeps the ONNX runtime from sending telemetry, which a thread cannot do for itself', async () => {
  delete process.env.ORT_DISABLE_TELEMETRY;
  const { invoke } = await given('async () => null');
  await invoke('agent', {}, call);
  expect(process.env.ORT_DISABLE_TELEMETRY).toBe('1');
});

it('passes only JSON in and out', async () => {
  const { invoke } = await given('async (event) => ({ event, at: new Date(0), nothing: undefined })');
  const at = '1970-01-01T00:00:00.000Z';
  expect(await invoke('agent', { at: new Date(0) }, call)).toStrictEqual({ event: { at }, at });
});

it('gives the functions the environment of the first invocation', async () => {
  const { invoke } = await given('async () => process.env.OF_THE_TEST');
  process.env.OF_THE_TEST = 'first';
  expect(await invoke('agent', {}, call)).toBe('first');
  process.env.OF_THE_TEST = 'later';
  expect(await invoke('agent', {}, call)).toBe('first');
  delete process.env.OF_THE_TEST;
});

it('tells a function its name and remaining time, and gives up when that runs out, even in a busy loop', async () => {
  const { invoke } = await given(`(event, context) => {
    while (event.forever) calls += 1;
    return [context.functionName, context.getRemainingTimeInMillis()];
  }`);
  const [name, left] = (await invoke('agent', {}, call)) as [string, number];
  expect(name).toBe('agent');
  expect(left).toBeGreaterThan(1000);
  expect(left).toBeLessThanOrEqual(20_000);
  await expect(invoke('agent', { forever: true }, { timeoutMs: 50 })).rejects.toThrow('agent took more than 0.05 s');
});

it('passes errors on with the fields that identify them, and without what cannot be sent', async () => {
  const { invoke } = await given(`async () => {
    const error = new Error('refused', { cause: new TypeError('why') });
    throw Object.assign(error, { name: 'DatabaseError', kind: 'conflict', errno: 1213, socket: () => {} });
  }`);
  const error: Error = await invoke('agent', {}, call).then(
    () => expect.fail('it succeeded'),
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: 'DatabaseError', message: 'refused', kind: 'conflict', errno: 1213 });
  expect(error.cause).toMatchObject({ name: 'TypeError', message: 'why' });
  expect(error.stack).toContain('index.js');
  expect(error).not.toHaveProperty('socket');
});

it('says which function does not exist, and how to build those that are missing', async () => {
  expect(() => new LambdaThreads({ directory })).toThrow(/agent.*migrate.*npm run build/);
  const { invoke } = await given('async () => 1');
  await expect(invoke('nobody', {}, call)).rejects.toThrow('there is no function nobody');
});

it('fails what a thread was running when a function crashes it, and continues in a new one', async () => {
  const { invoke } = await given(`async ({ fatal }) => {
    if (fatal) setTimeout(() => { throw new Error('on its own'); });
    return fatal ? new Promise(() => {}) : calls += 1;
  }`);
  expect(await invoke('agent', {}, call)).toBe(1);
  await expect(invoke('agent', { fatal: true }, call)).rejects.toThrow('on its own');
  expect(await invoke('agent', {}, call)).toBe(1);
});

it('fails the invocations that are running when it is closed', async () => {
  const { invoke } = await given('() => new Promise(() => {})');
  const running = expect(invoke('agent', {}, call)).rejects.toThrow('the functions were stopped');
  await threads!.close();
  await running;
});
