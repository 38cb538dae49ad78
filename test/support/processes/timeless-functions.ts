import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';
import { type Handler, type Invoke, runAsLambda } from '../../../local/aws/lambda-host.ts';

/** Where the bundles of the functions are. */
export const builtFunctions = join(import.meta.dirname, '../../../dist');

/** What is longer is a time limit of the SDK's or of Lambda's, and runs by real time. */
const longestPauseMs = 1000;

/**
 * The built functions, with a clock of their own on which only their pauses pass: a pause takes no time, and its jitter is
 * even. So a run does not wait, does not depend on how fast the computer is, and a seed repeats it.
 * @param dist where the bundles are
 */
export function timelessFunctions(dist = builtFunctions): Invoke {
  const globals = timelessGlobals();
  const loaded = new Map<string, Handler>();
  return async (name, event, invocation) => {
    const handler = loaded.get(name) ?? load(join(dist, name, 'index.js'), globals);
    loaded.set(name, handler);
    return runAsLambda(name, handler, event, invocation);
  };
}

/** What the functions see in place of the globals of these names. */
function timelessGlobals() {
  const started = Date.now();
  let ahead = 0;
  const pause = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    if (ms >= longestPauseMs) return setTimeout(run, ms, ...args);
    ahead += ms;
    return setTimeout(run, 0, ...args);
  };
  const now = () => started + ahead;
  return {
    setTimeout: pause,
    Date: new Proxy(Date, { get: (date, key) => (key === 'now' ? now : Reflect.get(date, key)) }),
    Math: Object.create(Math, { random: { value: () => 0.5 } }) as Math,
  };
}

function load(file: string, globals: ReturnType<typeof timelessGlobals>): Handler {
  const module = { exports: {} };
  const own = {
    exports: module.exports,
    require: createRequire(file),
    module,
    __filename: file,
    __dirname: dirname(file),
  };
  const scope = { ...own, ...globals, importHere: (name: string) => import(name) };
  // A function that is compiled by itself has no `import()` of its own.
  const code = readFileSync(file, 'utf8').replaceAll(/\bimport\(/g, 'importHere(');
  compileFunction(code, Object.keys(scope), { filename: file })(...Object.values(scope));
  return (module.exports as { handler: Handler }).handler;
}
