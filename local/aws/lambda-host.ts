import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Context } from 'aws-lambda';
import { functionNames, type LambdaName, lambdas } from '../../functions/lambdas.ts';
import { endAfter } from './end-of-time.ts';
import { late, orLate } from './late.ts';

/** Runs a function by name, as Lambda's synchronous Invoke does. */
export type Invoke = (name: string, event: unknown, invocation: Invocation) => Promise<unknown>;

export interface Invocation {
  /** The function's timeout: `getRemainingTimeInMillis` counts down from it, and the invocation fails at its end. */
  readonly timeoutMs: number;
}

export type Handler = (event: unknown, context: Context) => unknown;

/** Lambda's limit for a synchronous response, as text. */
const maxResultBytes = 6 * 1024 * 1024;

export const dist = join(import.meta.dirname, '../../dist');

/**
 * Runs the functions in this thread. Each is loaded at its first invocation, so that the environment can be set between
 * this call and that one. A new host loads each function afresh, like a cold start.
 * @throws when a bundle is missing
 */
export function lambdaHost(directory = dist): Invoke {
  const handlerOf = loader(directory);
  return async (name, event, invocation) => runAsLambda(name, handlerOf(name), event, invocation);
}

/**
 * Loads each built function at its first use.
 * @returns finds a handler; throws if no function has the name
 * @throws when a bundle is missing
 */
export function loader(directory: string): (name: string) => Handler {
  requireBundles(directory);
  process.setSourceMapsEnabled(true); // the bundles are minified: without source maps stacks are unreadable
  const loaded = new Map<string, Handler>();
  return (name) => {
    if (!functionNames.includes(name))
      throw new Error(`there is no function ${name}; there are ${functionNames.join(', ')}`);
    const handler = loaded.get(name) ?? load(bundleOf(directory, name));
    loaded.set(name, handler);
    return handler;
  };
}

/** @throws when a bundle is missing */
export function requireBundles(directory: string): void {
  const missing = functionNames.filter((name) => !existsSync(bundleOf(directory, name)));
  if (missing.length > 0) throw new Error(`not built: ${missing.join(', ')}. Run: npm run build`);
}

const bundleOf = (directory: string, name: string) => join(directory, name, 'index.js');

function load(file: string): Handler {
  const require = createRequire(file);
  delete require.cache[file];
  return (require(file) as { handler: Handler }).handler;
}

/**
 * Does what Lambda does around a handler: events and results are JSON, and it ends in time or fails.
 * @throws what the handler throws, or an Error if it takes too long or its result is not JSON or over 6 MB
 */
export async function runAsLambda(name: string, handler: Handler, event: unknown, { timeoutMs }: Invocation) {
  const result = await inTime(name, timeoutMs, () => runOnText(name, handler, toJson(event), timeoutMs));
  return JSON.parse(result) as unknown;
}

/** The same for an event and a result as JSON text. A function past its timeout reaches nobody, but is waited for. */
export async function runOnText(name: string, handler: Handler, event: string, timeoutMs: number): Promise<string> {
  const deadline = performance.now() + timeoutMs;
  const text = toJson(await endAfter(timeoutMs, async () => handler(JSON.parse(event), contextOf(name, deadline))));
  const bytes = Buffer.byteLength(text);
  if (bytes > maxResultBytes) throw new Error(`${name} answered ${bytes} bytes; Lambda's limit is ${maxResultBytes}`);
  return text;
}

/** @throws Error when a function exceeds its timeout */
export async function inTime<T>(name: string, timeoutMs: number, run: () => Promise<T>): Promise<T> {
  const result = await orLate(timeoutMs, run);
  if (result === late) throw new Error(`${name} took more than ${timeoutMs / 1000} s`);
  return result;
}

export const toJson = (value: unknown) => JSON.stringify(value) ?? 'null';

function contextOf(name: string, deadline: number): Context {
  return {
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    memoryLimitInMB: String(lambdas[name as LambdaName]?.memoryMB ?? 128),
    awsRequestId: randomUUID(),
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(deadline - performance.now())),
    // Node 24's runtime has no callbacks; the type still requires them.
    done: noCallbacks,
    fail: noCallbacks,
    succeed: noCallbacks,
  };
}

function noCallbacks(): never {
  throw new Error('a handler returns its result; Lambda has no callbacks since Node 24');
}
