/** `npm run evaluate`: scores the decision policies on recorded Spot markets. See `npm run evaluate -- --help`. */
import { failCommand, UsageError } from '../local/command-line.ts';
import { Progress } from '../local/fleet/run/progress.ts';
import { DataError } from './data/data-error.ts';
import { help, readOptions } from './options.ts';
import { defaultPolicies, readPolicies } from './policies.ts';
import { tablesOf, writeReport } from './report/write-report.ts';
import { playAll } from './run/play-all.ts';
import { tasksFor } from './run/tasks.ts';

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  if (options === 'help') return console.log(help);
  const policies = options.policy === undefined ? defaultPolicies : readPolicies(options.policy);
  const tasks = tasksFor(options);
  if (tasks.length === 0)
    throw new UsageError(`--groups ${options.groups}: no group of pools in ${options.data} has that name`);
  const progress = new Progress();
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1000).toFixed(0);
  const rows = await playAll(tasks, { ...options, policies }, (done) =>
    progress.show(() => `${done} of ${tasks.length} played, ${seconds()} s`),
  );
  progress.end();
  console.log(`${tablesOf(rows)}\n`);
  const charts = writeReport(options.out, rows);
  console.log(`Played in ${seconds()} s. Tables, results and ${charts} charts are in ${options.out}.`);
}

main(process.argv.slice(2)).catch((error) => failCommand('npm run evaluate', error, { mistakes: [DataError] }));
