import { commandHelp, flag, number, option, type Reader, readCommandLine, text } from '../local/command-line.ts';
import { type RequestName, requestNames } from './requests.ts';

const names: Reader<readonly RequestName[]> = {
  expected: `one or more of ${requestNames.join(',')}`,
  read(text) {
    const asked = text.split(',');
    const known = requestNames.filter((name) => asked.includes(name));
    return known.length === new Set(asked).size ? known : undefined;
  },
};

const sizes: Reader<readonly number[]> = {
  expected: 'numbers of agents up to 1000000, separated by commas',
  read(text) {
    const numbers = text.split(',').map(Number);
    return numbers.every((n) => Number.isInteger(n) && n > 0 && n <= 1_000_000) ? numbers : undefined;
  },
};

const options = {
  jobs: option(
    'jobs NUMBERS',
    sizes,
    'instead measure a run of each job with so many agents, as in 10000,100000: calls, rows that are read, time',
  ),
  history: option(
    'history DAYS',
    number({ from: 1, to: 90, whole: true }),
    'with --jobs: a thousand pools with a price for each five minutes of so many days, and queries of prices too',
  ),
  interruptions: option(
    'interruptions N',
    number({ from: 1, to: 100_000, whole: true }),
    'instead lose a zone: N notices within a minute, half of the agents with a standby, one in fifty held for as long',
  ),
  days: option(
    'days DAYS',
    number({ from: 1, to: 1000, whole: true }),
    'instead let a fleet live so many days of virtual time, and print how many rows each table has beside how many retention leaves',
  ),
  agents: option('agents N', number({ from: 1, to: 10_000, whole: true }), 'with --days: agents of that fleet', '200'),
  model: flag('model', 'instead measure the risk model beside its weights in TypeScript, and weigh its layer'),
  seconds: option(
    'seconds N',
    number({ above: 0, to: 600 }),
    'how long each request is measured with each control plane and number of agents',
    '3',
  ),
  requests: option('requests NAMES', names, 'only these, separated by commas', requestNames.join(',')),
  against: option(
    'against DIR',
    text,
    'take the checkout of this project in DIR, with its dependencies installed and built, for the other control plane',
  ),
  help: flag('help', 'show this text'),
};

const purpose =
  'Measures what agents send, from the request to the database and back: requests per second, latency and Data API calls, ' +
  'from one agent and from 16 at once. A second control plane runs for comparison: the same one, but with its functions ' +
  'in the thread of the gateway instead of threads of their own. The two are measured in short turns, so that their ' +
  'ratio holds on a busy machine too.';

export const help = commandHelp('npm run bench -- [options]', purpose, { Options: options });

export interface BenchOptions {
  readonly jobs: readonly number[] | undefined;
  readonly history: number | undefined;
  readonly interruptions: number | undefined;
  readonly days: number | undefined;
  readonly agents: number;
  readonly model: boolean;
  readonly seconds: number;
  readonly requests: readonly RequestName[];
  readonly against: string | undefined;
}

/** @returns 'help' when the command line asks for it. @throws UsageError */
export function readOptions(args: readonly string[]): BenchOptions | 'help' {
  if (args.includes('--help')) return 'help';
  return readCommandLine(options, args).values;
}
