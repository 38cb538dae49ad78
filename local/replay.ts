/**
 * `npm run replay -- ID|FILE`: repeats a stored decision, and reports whether the answer has the same bytes. See
 * `npm run replay -- --help`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fittedName } from '../functions/core/decision/fitted-hazards.ts';
import { replay, type StoredDecision } from '../functions/core/decision/replay.ts';
import { systemClock } from './clock.ts';
import { commandHelp, failCommand, flag, option, readCommandLine, text, UsageError } from './command-line.ts';
import { startControlPlane } from './control-plane.ts';
import { queryOver } from './fleet/run/query.ts';

const options = {
  dataDir: option('data-dir DIR', text, 'the database that a decision is read from by its id', '.local'),
  help: flag('help', 'show this text'),
};

const purpose =
  'Decides again from what is stored with a decision, and compares the answer with the stored one. The decision is read from the database by ' +
  'its id, or from a JSON file with the fields inputs, decision_time and answer of its row. Exits with 1 if a byte differs.';

const help = commandHelp('npm run replay -- ID|FILE [options]', purpose, { Options: options });

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return console.log(help);
  const [what, ...others] = args;
  if (what === undefined || what.startsWith('--'))
    throw new UsageError(`expected the id of a decision, or a file, first; saw ${what ?? 'nothing'}`);
  const { values } = readCommandLine(options, others);
  const result = replay(existsSync(what) ? fromFile(what) : await fromDatabase(what, values.dataDir));
  if (result.kind === 'incomplete') throw new UsageError(`${what} cannot be replayed: ${result.why}`);
  console.log(result.now);
  if (result.model !== null) console.error(ofModel(result.model));
  if (result.kind === 'same') return console.error(`The same ${Buffer.byteLength(result.now)} bytes as stored.`);
  console.error(`Different from what is stored:\n${result.stored}`);
  const [decidedBy, replayedBy] = [result.stored, result.now].map((answer) => JSON.parse(answer).policy as string);
  if (decidedBy !== replayedBy) console.error(`Decided by ${decidedBy}; this build has ${replayedBy}.`);
  process.exitCode = 1;
}

/** Hazards are stored with the decision and used as they are: a model that is gone changes no answer. */
function ofModel(name: string): string {
  const { sha256 } = JSON.parse(readFileSync(join(import.meta.dirname, '../layers/model/model.json'), 'utf8'));
  const known = [`built-in@${String(sha256).slice(0, 12)}`, fittedName];
  return known.includes(name)
    ? `Hazards from ${name}, which this build has.`
    : `Hazards as stored: they came from ${name}, which this build does not know; it has ${known.join(' and ')}.`;
}

function fromFile(path: string): StoredDecision {
  return storedFrom(JSON.parse(readFileSync(path, 'utf8')), path);
}

async function fromDatabase(id: string, dataDir: string): Promise<StoredDecision> {
  const plane = await startControlPlane({ port: 0, dataDir, clock: systemClock });
  try {
    const query = queryOver(plane.dataApi.url);
    const [row] = await query('SELECT inputs, decision_time, answer FROM decisions WHERE id = :id', { id });
    if (!row) throw new UsageError(`${dataDir} has no decision ${id}, and there is no such file`);
    return storedFrom({ ...row, inputs: JSON.parse(String(row.inputs)) }, id);
  } finally {
    await plane.stop();
  }
}

function storedFrom(row: Readonly<Record<string, unknown>>, name: string): StoredDecision {
  const { inputs, decision_time: time, answer } = row;
  if (typeof inputs !== 'object' || inputs === null || typeof time !== 'string')
    throw new UsageError(`${name} is not a decision: it needs inputs, decision_time and answer`);
  const zoned = time.endsWith('Z') ? time : `${time.replace(' ', 'T')}Z`;
  return { inputs, decisionTime: new Date(zoned), answer: typeof answer === 'string' ? answer : null };
}

main(process.argv.slice(2)).catch((error) => failCommand('npm run replay', error));
