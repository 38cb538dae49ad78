import { parseArgs } from 'node:util';
import type { PriceChoices } from '../../market/price-events.ts';

/** What `npm start` was asked for. */
export interface StartOptions {
  /** A price file; undefined: synthetic prices, unless there is an availability trace. */
  readonly prices: string | undefined;
  /** A file that says when pools had capacity; undefined: always. */
  readonly availability: string | undefined;
  readonly noticeSeconds: number;
  readonly rebalanceShare: number;
  readonly ownerSeconds: number;
  readonly launchSeconds: number;
  readonly bootFailures: number;
  readonly throttledLaunches: number;
  readonly hangsPerWeek: number;
  readonly outagesPerWeek: number;
  /** Whether EC2's events reach the control plane through EventBridge. */
  readonly events: boolean;
  readonly eventLoss: number;
  readonly eventDuplicates: number;
  readonly choices: PriceChoices;
  readonly agents: number;
  readonly days: number;
  readonly v32Share: number;
  /** Undefined: the agents' true periods. */
  readonly pollSeconds: number | undefined;
  readonly terminateWaitSeconds: number | undefined;
  readonly minSavingsPercent: number | undefined;
  readonly seed: number;
  readonly port: number;
  readonly dataDir: string;
  readonly fresh: boolean;
  readonly exit: boolean;
}

/** A command line that cannot be followed; the message says what was seen and what would be right. */
export class UsageError extends Error {}

export const help = `npm start -- [options]

Starts the control plane on this machine, lets a fleet of simulated agents run against it in virtual time, prints what
came of it, and then serves the API in real time until Ctrl-C.

Prices
  --prices FILE            price history: CSV or JSON of 'aws ec2 describe-spot-price-history', or run-length JSON, .gz
                           or not (default: synthetic prices)
  --instance-type TYPE     of a file with several, and so for the two below (default: the most frequent in the file)
  --product TEXT           such as Linux/UNIX
  --region REGION
  --on-demand-price USD    per hour, where neither the file nor our small table has it

Interruptions
  --availability FILE      instead of --prices: a trace of when pools had capacity (run-length JSON with countRle). When a
                           pool's count drops to 0, EC2 takes all Spot machines there; the whole file is played
  --notice TIME            from EC2's notice to the end of a machine, 30s to 120s (default 120s)
  --rebalance-share SHARE  0 to 1: how many interruptions EC2 warns of before the notice; equally many warnings are false
                           alarms. Synthetic, as no trace has them (default 0.5)
  --owner-after TIME       how long an agent is silent until its owner starts a machine on demand for it (default 10m)
  --launch-time TIME       from RunInstances until the application serves, in the report's downtimes (default 90s)
  --boot-failures SHARE    0 to 1: how many machines die while they boot (default 0)
  --throttled-launches SHARE
                           0 to 1: how many of the agents' launches EC2 refuses as too many calls (default 0)
  --hangs N                how often an agent hangs, in a week (default 0)
  --outages N              how often the control plane is out of reach for 2 to 10 minutes, in a week (default 0)
  --events true|false      whether EC2's notices, warnings and changes of state reach the control plane through
                           EventBridge too, 0 to 3 s late, and after an outage (default true)
  --event-loss SHARE       0 to 1: how many of those events are never delivered (default 0.01)
  --event-duplicates SHARE 0 to 1: how many are delivered twice, up to a minute apart (default 0.01)

Fleet
  --agents N               agents, each on one machine on demand at first (default 20)
  --days N                 days of prices to play, from the start of the file (default 7, or all of a trace; less if the
                           file has less)
  --v32-share SHARE        0 to 1: how many agents are of version 3.2 rather than 4 (default 0.2)
  --terminate-wait TIME    how long a replaced machine lives on, such as 5m (default: the control plane's setting, and
                           300 s in version 3.2, which follows its own)
  --min-savings PERCENT    what a move must save at least (default: the control plane's setting)
  --seed N                 of synthetic prices and of where machines start (default 1)

Time
  --cadence coarse|true    true: all loops of all agents at their true periods, 430 to 730 requests an hour each, which
                           is 2.3 million for 20 agents and 7 days. coarse: so only for minutes after a start or a
                           command, and else --poll; that is 34 thousand (default coarse)
  --poll TIME              the period of an idle agent's loops in coarse cadence, such as 30m (default 1h)

Process
  --port N                 of the API on 127.0.0.1 (default 5000)
  --data-dir DIR           database, keys and log of the agents (default .local)
  --fresh                  start with an empty database; needed when an earlier run played later days
  --exit                   stop after the report instead of serving the API
  --help                   this text
`;

/** @returns 'help' when that is what was asked for. @throws UsageError */
export function readOptions(args: readonly string[]): StartOptions | 'help' {
  const given = parse(args);
  if (given.help) return 'help';
  const coarse = oneOf('cadence', given.cadence, ['coarse', 'true']) === 'coarse';
  if (!coarse && given.poll !== undefined)
    throw new UsageError('--poll is the period of coarse cadence; leave it out with --cadence true');
  const ofTrace = [
    'notice',
    'rebalance-share',
    'owner-after',
    'launch-time',
    'boot-failures',
    'throttled-launches',
    'hangs',
    'outages',
    'events',
    'event-loss',
    'event-duplicates',
  ] as const;
  if (given.availability !== undefined && given.prices !== undefined)
    throw new UsageError('--availability and --prices exclude each other: a trace has its own prices');
  const pointless = ofTrace.find((option) => given.availability === undefined && given[option] !== undefined);
  if (pointless) throw new UsageError(`--${pointless} is about interruptions, which only --availability FILE plays`);
  return {
    prices: given.prices,
    availability: given.availability,
    noticeSeconds: seconds('notice', given.notice ?? '120s', { from: 30, to: 120 }),
    rebalanceShare: number('rebalance-share', given['rebalance-share'] ?? '0.5', { from: 0, to: 1 }),
    ownerSeconds: seconds('owner-after', given['owner-after'] ?? '10m', { from: 120, to: 86_400 }),
    launchSeconds: seconds('launch-time', given['launch-time'] ?? '90s', { from: 30, to: 3600 }),
    bootFailures: number('boot-failures', given['boot-failures'] ?? '0', { from: 0, to: 0.9 }),
    throttledLaunches: number('throttled-launches', given['throttled-launches'] ?? '0', { from: 0, to: 0.9 }),
    hangsPerWeek: number('hangs', given.hangs ?? '0', { from: 0, to: 1000 }),
    outagesPerWeek: number('outages', given.outages ?? '0', { from: 0, to: 1000 }),
    events: oneOf('events', given.events ?? 'true', ['true', 'false']) === 'true',
    eventLoss: number('event-loss', given['event-loss'] ?? '0.01', { from: 0, to: 1 }),
    eventDuplicates: number('event-duplicates', given['event-duplicates'] ?? '0.01', { from: 0, to: 1 }),
    choices: {
      instanceType: given['instance-type'],
      product: given.product,
      region: given.region,
      onDemandPrice: optionally(given['on-demand-price'], (text) =>
        number('on-demand-price', text, { above: 0, to: 1000 }),
      ),
    },
    agents: number('agents', given.agents, { from: 1, to: 10_000, whole: true }),
    days: number('days', given.days ?? (given.availability === undefined ? '7' : '3650'), { above: 0, to: 3650 }),
    v32Share: number('v32-share', given['v32-share'], { from: 0, to: 1 }),
    pollSeconds: coarse ? seconds('poll', given.poll ?? '1h', { from: 60, to: 6 * 3600 }) : undefined,
    terminateWaitSeconds: optionally(given['terminate-wait'], (text) =>
      seconds('terminate-wait', text, { from: 0, to: 86_400 }),
    ),
    minSavingsPercent: optionally(given['min-savings'], (text) => number('min-savings', text, { from: 0, to: 100 })),
    seed: number('seed', given.seed, { from: 0, to: 2 ** 32 - 1, whole: true }),
    port: number('port', given.port, { from: 0, to: 65_535, whole: true }),
    dataDir: given['data-dir'],
    fresh: given.fresh,
    exit: given.exit,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        prices: { type: 'string' },
        availability: { type: 'string' },
        notice: { type: 'string' },
        'rebalance-share': { type: 'string' },
        'owner-after': { type: 'string' },
        'launch-time': { type: 'string' },
        'boot-failures': { type: 'string' },
        'throttled-launches': { type: 'string' },
        hangs: { type: 'string' },
        outages: { type: 'string' },
        events: { type: 'string' },
        'event-loss': { type: 'string' },
        'event-duplicates': { type: 'string' },
        'instance-type': { type: 'string' },
        product: { type: 'string' },
        region: { type: 'string' },
        'on-demand-price': { type: 'string' },
        agents: { type: 'string', default: '20' },
        days: { type: 'string' },
        'v32-share': { type: 'string', default: '0.2' },
        'terminate-wait': { type: 'string' },
        'min-savings': { type: 'string' },
        seed: { type: 'string', default: '1' },
        cadence: { type: 'string', default: 'coarse' },
        poll: { type: 'string' },
        port: { type: 'string', default: '5000' },
        'data-dir': { type: 'string', default: '.local' },
        fresh: { type: 'boolean', default: false },
        exit: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

interface Range {
  readonly from?: number;
  readonly above?: number;
  readonly to: number;
  readonly whole?: boolean;
}

function number(option: string, text: string, range: Range): number {
  const value = Number(text);
  if (text.trim() !== '' && isWithin(value, range)) return value;
  throw new UsageError(`--${option} ${text}: expected ${described(range)}`);
}

function isWithin(value: number, { from = Number.NEGATIVE_INFINITY, above = from, to, whole = false }: Range): boolean {
  return value >= from && (value > above || from === above) && value <= to && (!whole || Number.isInteger(value));
}

const described = ({ from, above, to, whole }: Range) =>
  `a ${whole ? 'whole ' : ''}number ${above === undefined ? `from ${from}` : `above ${above}`} to ${to}`;

const units = { s: 1, m: 60, h: 3600 };

function seconds(option: string, text: string, { from, to }: { from: number; to: number }): number {
  const [, amount, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? [];
  const value = Number(amount) * units[unit as keyof typeof units];
  if (value >= from && value <= to) return value;
  throw new UsageError(`--${option} ${text}: expected a time from ${from}s to ${to}s, such as 90s, 30m or 1h`);
}

function oneOf<T extends string>(option: string, text: string, values: readonly T[]): T {
  const value = values.find((candidate) => candidate === text);
  if (value) return value;
  throw new UsageError(`--${option} ${text}: expected ${values.join(' or ')}`);
}

const optionally = <T>(text: string | undefined, read: (text: string) => T): T | undefined =>
  text === undefined ? undefined : read(text);
