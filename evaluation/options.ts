import { availableParallelism } from 'node:os';
import { commandHelp, flag, number, option, type Reader, readCommandLine, text } from '../local/command-line.ts';

export const parts = ['services', 'prices', 'jobs', 'pools', 'standbys'] as const;
export type Part = (typeof parts)[number];

const someParts: Reader<readonly Part[]> = {
  expected: `one or more of ${parts.join(',')}`,
  read(text) {
    const asked = text.split(',');
    const known = parts.filter((part) => asked.includes(part));
    return known.length > 0 && known.length === new Set(asked).size ? known : undefined;
  },
};

const options = {
  data: option(
    'data DIR',
    text,
    'the recorded markets: availability/, and if there availability-more/, prices/ and b2.json',
    '../shared/data',
  ),
  out: option('out DIR', text, 'where tables, results and charts are written', '.local/evaluation'),
  policy: option(
    'policy FILE',
    text,
    'JSON with other numbers for the policies; those not named stay as they are: {"a": {"priceMargin": 0.05}}',
  ),
  only: option(
    'only PARTS',
    someParts,
    'services: that must always run; prices: the same on price histories without interruptions; jobs: with a deadline, in ' +
      'one pool; pools: the same in several; standbys: where they are placed. Separated by commas',
    parts.join(','),
  ),
  groups: option('groups TEXT', text, 'only the groups of pools whose names contain this'),
  processes: option(
    'processes N',
    number({ from: 1, to: 64, whole: true }),
    'how many groups are played at a time',
    String(availableParallelism()),
  ),
  help: flag('help', 'show this text'),
};

const purpose =
  'Scores the decision policies on recorded Spot markets, beside simple ones and the bound of an omniscient. Tables are printed ' +
  'and written with charts; docs/policies.md says how a score comes about.';

export const help = commandHelp('npm run evaluate -- [options]', purpose, { Options: options });

export interface EvaluateOptions {
  readonly data: string;
  readonly out: string;
  readonly policy: string | undefined;
  readonly only: readonly Part[];
  readonly groups: string | undefined;
  readonly processes: number;
}

/** @returns 'help' if the command line requests it. @throws UsageError */
export function readOptions(args: readonly string[]): EvaluateOptions | 'help' {
  if (args.includes('--help')) return 'help';
  return readCommandLine(options, args).values;
}
