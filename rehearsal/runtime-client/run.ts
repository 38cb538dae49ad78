/**
 * `npm run runtime-client`: runs each bundle under Lambda's own runtime client for Node, with events shaped like those
 * of API Gateway, SQS and EventBridge Scheduler: agents, operators, an EC2 notice and every job. Prints the outcomes,
 * and how long the first and the later invocations took. Compiling the client takes some minutes; skips if that fails.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { functionNames } from '../../functions/lambdas.ts';
import { VirtualClock } from '../../local/clock.ts';
import { startControlPlane } from '../../local/control-plane.ts';
import { Containers } from './containers.ts';
import { installRuntimeClient, MissingBuilders } from './install.ts';
import { everyJob, everyRoute, firstAgent, notice } from './scenes.ts';

async function main(): Promise<void> {
  let program: string;
  try {
    program = await installRuntimeClient(resolve('.local/runtime-client'), console.log);
  } catch (error) {
    if (!(error instanceof MissingBuilders)) throw error;
    console.log(`runtime-client: SKIPPED: ${error.message}`);
    return;
  }
  const containers = new Containers(program);
  const dataDir = await mkdtemp(join(tmpdir(), 'spot-runtime-client-'));
  const clock = new VirtualClock(new Date());
  const controlPlane = await startControlPlane({ port: 0, dataDir, clock, functions: containers.invoke });
  try {
    const cast = await firstAgent(controlPlane);
    console.log(`a notice of EC2 through the queue: ${await notice(controlPlane, clock, cast)}`);
    console.log(`every route, asked twice: ${await everyRoute(controlPlane, cast)}`);
    console.log(`jobs, run twice: ${await everyJob(controlPlane, clock)}`);
    await controlPlane.invoke('migrate', {}); // as the next deployment does
    report(containers);
  } finally {
    await containers.close();
    await controlPlane.stop();
    await rm(dataDir, { recursive: true });
  }
}

function report({ runs }: Containers): void {
  const median = (times: readonly number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
  const ms = (time: number | undefined) => (time === undefined ? '' : Math.round(time));
  const rows = [...runs].map(([name, { cold, warm }]) => [
    name,
    { 'first, ms': ms(cold), 'others, median ms': ms(median(warm)), invocations: 1 + warm.length },
  ]);
  console.table(Object.fromEntries(rows));
  const left = functionNames.filter((name) => !runs.has(name));
  if (left.length > 0) throw new Error(`never invoked: ${left.join(', ')}`);
}

await main();
