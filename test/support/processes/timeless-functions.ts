import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';
import { type Handler, type Invoke, runAsLambda } from '../../../local/aws/lambda-host.ts';

/** Where the bundles of the functions are. */
export const builtFunctions = join(import.meta.dirname, '../../../dist');

/** Longer timers are time limits of the SDK or of Lambda, and run in real time. */
const longestPauseMs = 1000;

/**
 * The built functions, with a clock that only their pauses advance: a pause takes no real time, and its jitter is
 * constant. So a run does not wait, does not depend on the speed of the machine, and its seed reproduces it.
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

/** Replacements for the globals of these names. */
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
  // Code that `compileFunction` compiles has no `import()` of its own.
  const code = readFileSync(file, 'utf8').replaceAll(/\bimport\(/g, 'importHere(');
  compileFunction(code, Object.keys(scope), { filename: file })(...Object.values(scope));
  return (module.exports as { handler: Handler }).handler;
}
