import {
  commandHelp,
  flag,
  number,
  oneOf,
  option,
  readCommandLine,
  text,
  time,
  UsageError,
  type Values,
} from '../../command-line.ts';

const share = number({ from: 0, to: 1 });
/** At 1 no launch would ever succeed. */
const shareBelowOne = number({ from: 0, to: 0.9 });
const perWeek = number({ from: 0, to: 1000 });

const priceOptions = {
  prices: option(
    'prices FILE',
    text,
    "price history: CSV or JSON of 'aws ec2 describe-spot-price-history', or run-length JSON; gzipped or not " +
      '(default: synthetic prices)',
  ),
  instanceType: option(
    'instance-type TYPE',
    text,
    'which instance type of the file to play (default: the most frequent one)',
  ),
  product: option('product TEXT', text, 'which product, such as Linux/UNIX (default: the most frequent one)'),
  region: option('region REGION', text, 'which region (default: the most frequent one)'),
  onDemandPrice: option(
    'on-demand-price USD',
    number({ above: 0, to: 1000 }),
    'per hour; needed when neither the file nor our table has it',
  ),
};

const interruptionOptions = {
  availability: option(
    'availability FILE',
    text,
    "instead of --prices: a trace of each pool's capacity (run-length JSON with countRle). When a pool's count drops to " +
      '0, EC2 interrupts all its Spot instances',
  ),
  noticeSeconds: option(
    'notice TIME',
    time({ from: 30, to: 120 }),
    'from the interruption notice to the end of the instance, 30s to 120s',
    '120s',
  ),
  rebalanceShare: option(
    'rebalance-share SHARE',
    share,
    '0 to 1: the share of interruptions that a rebalance recommendation precedes. As many again are false alarms. ' +
      'Synthetic, as traces do not record them',
    '0',
  ),
  autoRecoverySeconds: option(
    'auto-recovery-after TIME',
    time({ from: 120, to: 86_400 }),
    'how long an agent without a primary is silent before auto recovery launches an on-demand instance for it',
    '10m',
  ),
  launchSeconds: option(
    'launch-time TIME',
    time({ from: 30, to: 3600 }),
    'from RunInstances until the application serves; the report counts it as downtime',
    '90s',
  ),
  bootFailures: option('boot-failures SHARE', shareBelowOne, '0 to 0.9: the share of instances that fail to boot', '0'),
  throttledLaunches: option(
    'throttled-launches SHARE',
    shareBelowOne,
    "0 to 0.9: the share of the agents' launches that EC2 throttles",
    '0',
  ),
  hangsPerWeek: option('hangs N', perWeek, 'how often per week an agent hangs', '0'),
  outagesPerWeek: option(
    'outages N',
    perWeek,
    'how often per week the control plane is out of reach, for 2 to 10 minutes',
    '0',
  ),
  events: option(
    'events true|false',
    oneOf(true, false),
    "whether EC2's events also reach the control plane through EventBridge, 0 to 3 s late, or after an outage",
    'true',
  ),
  eventLoss: option('event-loss SHARE', share, '0 to 1: the share of these events that is lost', '0.01'),
  eventDuplicates: option(
    'event-duplicates SHARE',
    share,
    '0 to 1: the share that is delivered twice, up to a minute apart',
    '0.01',
  ),
};

const fleetOptions = {
  agents: option(
    'agents N',
    number({ from: 1, to: 10_000, whole: true }),
    'how many agents run; each starts on one on-demand instance',
    '20',
  ),
  days: option(
    'days N',
    number({ above: 0, to: 3650 }),
    'how many days to play, from the start of the file (default 7, or all of a trace; fewer when the file has fewer)',
  ),
  v32Share: option(
    'v32-share SHARE',
    share,
    '0 to 1: the share of agents of version 3.2; the others are of 4.0',
    '0.2',
  ),
  mergedShare: option(
    'merged-share SHARE',
    share,
    '0 to 1: the share of agents of version 4.1, which nobody has in the field: they hear in the answer to their heartbeat ' +
      'what the others poll for. Together with --v32-share at most 1',
    '0',
  ),
  terminateWaitSeconds: option(
    'terminate-wait TIME',
    time({ from: 0, to: 86_400 }),
    "how long a replaced instance keeps running, such as 5m (default: the control plane's setting; 300s in version 3.2)",
  ),
  minSavingsPercent: option(
    'min-savings PERCENT',
    number({ from: 0, to: 100 }),
    "what a move must save at least (default: the control plane's setting)",
  ),
  availabilityTarget: option(
    'target PERCENT',
    oneOf('99', '99.9', '99.95', '99.99', 'none'),
    "the availability that agents are promised (default: the control plane's, 99.9). Given with --availability, the " +
      'report sets the run beside what the evaluation makes of the same trace with the same policy',
  ),
  seed: option(
    'seed N',
    number({ from: 0, to: 2 ** 32 - 1, whole: true }),
    'of everything random: synthetic prices, zones, faults',
    '1',
  ),
};

const timeOptions = {
  cadence: option(
    'cadence coarse|true',
    oneOf('coarse', 'true'),
    'true: agents always poll at their own intervals, 430 to 730 requests an hour each; 20 agents send 2.3 million in 7 ' +
      'days. coarse: they do so only for minutes after a start or a command, and otherwise every --poll; that is 34 thousand',
    'coarse',
  ),
  pollSeconds: option(
    'poll TIME',
    time({ from: 60, to: 6 * 3600 }),
    'how often an idle agent polls in coarse cadence, such as 30m',
    '1h',
  ),
};

const processOptions = {
  port: option(
    'port N',
    number({ from: 0, to: 65_535, whole: true }),
    'of the API on 127.0.0.1; 0: any free one',
    '5000',
  ),
  dataDir: option('data-dir DIR', text, "database, keys and the agents' log", '.local'),
  fresh: flag('fresh', 'start with an empty database'),
  exit: flag('exit', 'stop after the report instead of serving the API'),
  help: flag('help', 'show this text'),
};

const options = { ...priceOptions, ...interruptionOptions, ...fleetOptions, ...timeOptions, ...processOptions };
type Given = Values<typeof options>;

/** What `npm start` was asked for. Times are in seconds. */
export interface StartOptions extends Omit<Given, 'availabilityTarget' | 'cadence' | 'days' | 'pollSeconds' | 'help'> {
  /** In percent. */
  readonly availabilityTarget: number | 'none' | undefined;
  readonly days: number;
  /** Undefined: agents always poll at their own intervals. */
  readonly pollSeconds: number | undefined;
}

const purpose =
  'Starts the control plane on this machine, runs a fleet of simulated agents against it in virtual time, prints a ' +
  'report, and then serves the API in real time until Ctrl-C.';

export const help = commandHelp('npm start -- [options]', purpose, {
  Prices: priceOptions,
  Interruptions: interruptionOptions,
  Fleet: fleetOptions,
  Time: timeOptions,
  Process: processOptions,
});

/** @returns 'help' when the command line asks for it. @throws UsageError */
export function readOptions(args: readonly string[]): StartOptions | 'help' {
  if (args.includes('--help')) return 'help';
  const { values, given } = readCommandLine(options, args);
  const { cadence, availability, availabilityTarget, pollSeconds, days, help: _, ...others } = values;
  if (values.v32Share + values.mergedShare > 1)
    throw new UsageError(
      `--v32-share ${values.v32Share} and --merged-share ${values.mergedShare} are more than 1 together: expected at most 1`,
    );
  if (cadence === 'true' && given.has('pollSeconds'))
    throw new UsageError('--poll is the period of coarse cadence; leave it out with --cadence true');
  if (availability !== undefined && given.has('prices'))
    throw new UsageError('--availability and --prices exclude each other: a trace has its own prices');
  const [misplaced] = Object.entries(interruptionOptions).filter(([key]) => given.has(key as keyof Given));
  if (availability === undefined && misplaced)
    throw new UsageError(`--${misplaced[1].name} is about interruptions, which only --availability FILE plays`);
  return {
    ...others,
    availability,
    availabilityTarget:
      availabilityTarget === undefined || availabilityTarget === 'none'
        ? availabilityTarget
        : Number(availabilityTarget),
    days: days ?? (availability === undefined ? 7 : 3650),
    pollSeconds: cadence === 'coarse' ? pollSeconds : undefined,
  };
}
