import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LambdaName } from '../../functions/lambdas.ts';
import { type Metric, type MetricName, metrics } from '../../functions/metrics.ts';
import type { Resource } from '../../lib/observability/definitions.ts';
import type { Clock } from '../clock.ts';
import { add, addValue, newSamples, type Samples } from './samples.ts';

/** A metric of ours, with the value of its dimension or property if it has one; or a metric of AWS, of a resource. */
export const keyOfOurs = (name: string, label = '') => `ours ${name} ${label}`;
export const keyOfAws = (of: Resource, name: string) => `aws ${of} ${name}`;

/** What was measured, as stored in the data directory. */
export interface Measured {
  /** ISO-8601, UTC, by the clock of the run. */
  readonly from: string;
  readonly to: string;
  readonly periodSeconds: number;
  /** By key, and then by the number of the period since 1970. */
  readonly series: Readonly<Record<string, Readonly<Record<string, Samples>>>>;
}

export const measuresFile = 'metrics.json';

/** The dashboards' CloudWatch period. A longer run uses a multiple, so that a chart has at most this many points. */
const periodSeconds = 300;
const mostPeriods = 170;

/** Functions compute these by this machine's clock, not the simulation's; the scheduler's stand-in knows both. */
const ofStandIns: readonly string[] = ['JobLag'] satisfies MetricName[];

/** Collects what CloudWatch would during a local run: our metrics, and those of the stand-ins for AWS. */
export class Measures {
  readonly #clock: Clock;
  readonly #series = new Map<string, Map<number, Samples>>();
  #from: Date;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#from = clock.now();
  }

  /** Discards what was measured so far: what precedes the beginning of a run is not part of it. */
  begin(at: Date): void {
    this.#series.clear();
    this.#from = at;
  }

  /** A line that a function wrote for CloudWatch, in its embedded metric format. */
  readLine(line: string): void {
    const { _aws, ...values } = JSON.parse(line) as EmbeddedMetrics;
    for (const { Metrics } of _aws.CloudWatchMetrics)
      for (const { Name } of Metrics) {
        if (ofStandIns.includes(Name)) continue;
        const metric = (metrics as Readonly<Record<string, Metric>>)[Name];
        const label = String(values[metric?.dimension ?? metric?.property ?? ''] ?? '');
        const isLabelled = metric?.dimension !== undefined || metric?.property === 'pool';
        for (const value of [values[Name]].flat())
          this.#record(keyOfOurs(Name, isLabelled ? label : ''), Number(value));
      }
  }

  answered({ status, ms }: { readonly status: number; readonly ms: number }): void {
    this.ofAws('api', 'Count', 1);
    this.ofAws('api', '4xx', status >= 400 && status < 500 ? 1 : 0);
    this.ofAws('api', '5xx', status >= 500 ? 1 : 0);
    this.ofAws('api', 'Latency', ms);
  }

  invoked(fn: LambdaName, { ms, hasFailed }: { readonly ms: number; readonly hasFailed: boolean }): void {
    this.ofAws(fn, 'Invocations', 1);
    this.ofAws(fn, 'Errors', hasFailed ? 1 : 0);
    this.ofAws(fn, 'Duration', ms);
  }

  /** A run of a job that was due at `time` begins. */
  began({ time }: { readonly time: string }): void {
    this.#record(keyOfOurs('JobLag'), Math.max(0, this.#clock.now().getTime() - Date.parse(time)));
  }

  /** Called once a minute with the queue of EC2's events. */
  queues({ events, deadLetters }: Queues): void {
    this.ofAws('events', 'ApproximateAgeOfOldestMessage', events.oldestMs / 1000);
    this.ofAws('lostEvents', 'ApproximateNumberOfMessagesVisible', deadLetters.length);
  }

  ofAws(of: Resource, name: string, value: number): void {
    this.#record(keyOfAws(of, name), value);
  }

  #record(key: string, value: number): void {
    const series = this.#series.get(key) ?? new Map<number, Samples>();
    this.#series.set(key, series);
    const period = Math.floor(this.#clock.now().getTime() / 1000 / periodSeconds);
    const samples = series.get(period) ?? newSamples();
    series.set(period, samples);
    addValue(samples, value);
  }

  measured(): Measured {
    const to = this.#clock.now();
    const seconds = (to.getTime() - this.#from.getTime()) / 1000;
    const together = Math.max(1, Math.ceil(seconds / periodSeconds / mostPeriods));
    const series = [...this.#series].map(([key, periods]) => [key, merged(periods, together)] as const);
    return {
      from: this.#from.toISOString(),
      to: to.toISOString(),
      periodSeconds: periodSeconds * together,
      series: Object.fromEntries(series),
    };
  }

  save(file: string): void {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(this.measured()));
  }
}

interface Queues {
  readonly events: { readonly oldestMs: number };
  readonly deadLetters: readonly string[];
}

interface EmbeddedMetrics {
  readonly _aws: { readonly CloudWatchMetrics: readonly { readonly Metrics: readonly { readonly Name: string }[] }[] };
  readonly [name: string]: unknown;
}

/** Merges every `together` periods into one. */
function merged(periods: ReadonlyMap<number, Samples>, together: number): Record<string, Samples> {
  const longer: Record<string, Samples> = {};
  for (const [period, samples] of periods) {
    const of = String(Math.floor(period / together));
    longer[of] ??= newSamples();
    add(longer[of], samples);
  }
  return longer;
}

/** @throws NothingMeasured when the file is missing, or is not what npm start writes */
export function readMeasured(file: string): Measured {
  try {
    const measured = JSON.parse(readFileSync(file, 'utf8')) as Measured;
    if (measured.series && measured.periodSeconds > 0) return measured;
  } catch (error) {
    throw new NothingMeasured(`${file} cannot be read (${(error as Error).message}): npm start writes it`);
  }
  throw new NothingMeasured(`${file} is not what npm start writes`);
}

export class NothingMeasured extends Error {}
