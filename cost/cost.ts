/**
 * `npm run cost`: what a month costs, computed from the template and from what agents call. See `npm run cost -- --help`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import {
  commandHelp,
  failCommand,
  flag,
  option,
  type Reader,
  readCommandLine,
  type Values,
} from '../local/command-line.ts';
import { computedPart, costDocument, withComputedPart } from './document.ts';
import { pricesOf } from './prices.ts';
import { goal, idleTable, kindsTable, leversTable, limitsOf, perAgentTable, verdict } from './report.ts';
import { deployments } from './synthesise.ts';

const sizes: Reader<readonly number[]> = {
  expected: 'whole numbers from 1 to 100000000, separated by commas',
  read(text) {
    const numbers = text.split(',').map(Number);
    return numbers.every((n) => Number.isInteger(n) && n >= 1 && n <= 1e8) ? numbers : undefined;
  },
};

const options = {
  agents: option('agents N,N', sizes, 'numbers of agents, a column for each', String(goal.agents)),
  levers: flag('levers', 'what each lever saves, for the first number of agents'),
  idle: flag('idle', 'what the production and the development stack cost without an agent'),
  write: flag('write', `writes the tables of ${costDocument}`),
  help: flag('help', 'show this text'),
};

const purpose =
  'Prints what agents cost a month in USD, by component, on the production stack: its template, the calls of agents that nobody has ' +
  'modified, the Data API calls that tests count, and prices of us-east-1. The assumptions are in cost/usage.ts and docs/cost.md.';

const help = commandHelp('npm run cost -- [options]', purpose, { Options: options });

function main(args: readonly string[]): void {
  const { values } = readCommandLine(options, args);
  if (values.help) console.log(help);
  else if (values.write) writeDocument();
  else print(values);
}

const writeDocument = () =>
  writeFileSync(costDocument, withComputedPart(readFileSync(costDocument, 'utf8'), computedPart(deployments())));

function print({ agents, idle, levers }: Values<typeof options>): void {
  const both = deployments();
  const { production } = both;
  const parts = [
    ...(idle ? [idleTable(both)] : []),
    ...(levers ? [leversTable(production, agents[0]!)] : []),
    ...(idle || levers
      ? []
      : [perAgentTable(production, agents), verdict(production), kindsTable(production), limitsOf(production)]),
    `Prices of ${pricesOf}, us-east-1.`,
  ];
  console.log(parts.join('\n\n'));
}

try {
  main(process.argv.slice(2));
} catch (error) {
  failCommand('npm run cost', error);
}
