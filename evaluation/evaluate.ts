/** `npm run evaluate`: scores the decision policies on recorded Spot markets. See `npm run evaluate -- --help`. */
import { failCommand, UsageError } from '../local/command-line.ts';
import { Progress } from '../local/fleet/run/progress.ts';
import { DataError } from './data/data-error.ts';
import { leastDays } from './data/data-set.ts';
import { help, readOptions } from './options.ts';
import { defaultPolicies, readPolicies } from './policies.ts';
import { reportOf, writeReport } from './report/write-report.ts';
import { playAll } from './run/play-all.ts';
import { tasksFor } from './run/tasks.ts';

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  if (options === 'help') return console.log(help);
  const policies = options.policy === undefined ? defaultPolicies : readPolicies(options.policy);
  const { tasks, notPlayed } = tasksFor(options);
  if (tasks.length === 0 && options.groups !== undefined)
    throw new UsageError(`--groups ${options.groups}: no group of pools in ${options.data} has that name`);
  if (tasks.length === 0) throw new DataError(nothingToPlay(options.data, notPlayed));
  const progress = new Progress();
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1000).toFixed(0);
  const rows = await playAll(tasks, { policies, processes: options.processes }, (done) =>
    progress.show(() => `${done} of ${tasks.length} played, ${seconds()} s`),
  );
  progress.end();
  const report = reportOf(rows, notPlayed);
  console.log(`${report}\n`);
  const charts = writeReport(options.out, rows, report);
  console.log(`Played in ${seconds()} s. Tables, results and ${charts} charts are in ${options.out}.`);
}

const nothingToPlay = (data: string, notPlayed: readonly string[]) =>
  [
    `${data} has nothing that can be played. It should have records of at least ${leastDays} days in availability/*.json;`,
    'further ones in availability-more/*.json, prices in prices/ and sets of pools for jobs in b2.json may be beside it.',
    ...notPlayed,
  ].join('\n');

main(process.argv.slice(2)).catch((error) => failCommand('npm run evaluate', error, { mistakes: [DataError] }));
