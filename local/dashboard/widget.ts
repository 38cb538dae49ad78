import { type MetricName, metrics } from '../../functions/metrics.ts';
import type { Chart, Ranking, Resource, Series, Widget } from '../../lib/observability/definitions.ts';
import { barChart, type Line, lineChart } from './chart.ts';
import { keyOfAws, keyOfOurs, type Measured } from './measures.ts';
import { add, newSamples, statisticOf } from './samples.ts';

/** A widget as the page shows it: a picture, or why there is none. */
export interface Shown {
  readonly svg?: string;
  /** What the picture leaves out, or why there is none. */
  readonly notes: readonly string[];
}

/** How many names fit beside the bars. */
const mostRanks = 10;

export function show(widget: Widget, measured: Measured): Shown {
  return 'ranks' in widget ? showRanking(widget, measured) : showChart(widget, measured);
}

function showChart({ series, unit, isStacked, limit }: Chart, measured: Measured): Shown {
  const found = series.map((one) => ({ one, lines: linesOf(one, measured) }));
  const missing = found.filter(({ lines }) => lines.length === 0).map(({ one }) => one);
  const all = found.flatMap(({ lines }) => lines);
  // Many lines at zero hide the one that is not; as text they take a single line.
  const idle = all.length > 4 ? all.filter(({ points }) => points.every(([, value]) => !value)) : [];
  const lines = all.filter((line) => !idle.includes(line));
  const notes = [
    ...series.flatMap(({ metric }) => ('ours' in metric && notesOfRuns[metric.ours]) || []),
    ...(idle.length > 0 ? [`0 all the time: ${idle.map(({ label }) => label).join(', ')}.`] : []),
    ...whyMissing(missing, measured),
  ];
  if (lines.length === 0) return { notes: [...new Set(notes)] };
  const [from, to] = [Date.parse(measured.from), Date.parse(measured.to)];
  return {
    svg: lineChart({ lines, unit, from, to, isStacked: isStacked ?? false, limit }),
    notes: [...new Set(notes)],
  };
}

/** What differs in a simulation from AWS. */
const notesOfRuns: Readonly<Partial<Record<MetricName, string>>> = {
  JobLag: 'The clock of a simulation leaps over minutes in which nothing happens; by so much runs are late.',
};

function linesOf({ metric, label, statistic }: Series, measured: Measured): Line[] {
  if ('of' in metric) return linesAt([[keyOfAws(metric.of, metric.aws), label]], statistic, measured);
  const { ours, by } = metric;
  const keys = Object.keys(measured.series).filter((key) => key.startsWith(keyOfOurs(ours)));
  if (by)
    return linesAt(
      keys.toSorted().map((key) => [key, key.slice(keyOfOurs(ours).length)]),
      statistic,
      measured,
    );
  return linesAt([[keyOfOurs(ours), label]], statistic, withSum(measured, ours, keys));
}

/** Adds up a metric's values over all values of its property. */
function withSum(measured: Measured, name: MetricName, keys: readonly string[]): Measured {
  if (keys.length < 2)
    return keys[0] ? { ...measured, series: { [keyOfOurs(name)]: measured.series[keys[0]]! } } : measured;
  const sum: Record<string, ReturnType<typeof newSamples>> = {};
  for (const key of keys)
    for (const [period, samples] of Object.entries(measured.series[key]!)) {
      sum[period] ??= newSamples();
      add(sum[period], samples);
    }
  return { ...measured, series: { [keyOfOurs(name)]: sum } };
}

/** The lines of those keys that were measured. A period without values is a gap, or 0 for a sum. */
function linesAt(
  keys: readonly (readonly [key: string, label: string])[],
  statistic: Series['statistic'],
  { series, periodSeconds, from, to }: Measured,
): Line[] {
  const periodMs = periodSeconds * 1000;
  const [first, last] = [from, to].map((time) => Math.floor(Date.parse(time) / periodMs)) as [number, number];
  const periods = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const none = statistic === 'Sum' ? 0 : null;
  return keys.flatMap(([key, label]) => {
    const samples = series[key];
    if (!samples) return [];
    const valueAt = (period: number) => (samples[period] ? statisticOf(samples[period], statistic) : none);
    const middle = (period: number) => Math.min(Math.max((period + 0.5) * periodMs, Date.parse(from)), Date.parse(to));
    return [{ label, points: periods.map((period) => [middle(period), valueAt(period)] as const) }];
  });
}

function showRanking({ unit, ranks: { ours, by } }: Ranking, { series }: Measured): Shown {
  const prefix = keyOfOurs(ours);
  const sums = Object.entries(series)
    .filter(([key]) => key.startsWith(prefix) && key.length > prefix.length)
    .map(([key, periods]) => ({
      label: key.slice(prefix.length),
      value: Object.values(periods).reduce((sum, samples) => sum + samples.sum, 0),
    }))
    .sort((a, b) => b.value - a.value);
  if (sums.length === 0) return { notes: [`None in this run: no line of ${ours} names a ${by}.`] };
  const left = sums.length - mostRanks;
  return {
    svg: barChart(sums.slice(0, mostRanks), unit),
    notes: left > 0 ? [`And ${left} more.`] : [],
  };
}

/** Metrics of AWS that nothing here stands in for, and why. */
const onlyInAws: Readonly<Record<string, string>> = {
  Throttles: 'functions here are never throttled',
  ServerlessDatabaseCapacity: 'the database here has no capacity units',
  ACUUtilization: 'the database here has no capacity units',
};

const names: Readonly<Partial<Record<Resource, string>>> = { lostJobs: 'runs of jobs that are given up' };

function whyMissing(missing: readonly Series[], { series }: Measured): string[] {
  const aws = missing.flatMap(({ metric }) => ('of' in metric ? [metric] : []));
  const whys = aws.map(({ of, aws: name }) => {
    if (onlyInAws[name]) return `Only AWS measures ${name}: ${onlyInAws[name]}.`;
    if (names[of]) return `Only AWS keeps a queue of ${names[of]}.`;
    return isFunction(of, series) ? '' : `Never called in this run: ${of}.`;
  });
  const idle = whys.filter((why) => why.startsWith('Never')).map((why) => why.slice(26, -1));
  const ours = missing.flatMap(({ metric }) => ('ours' in metric ? [metric.ours] : []));
  return [
    ...new Set([
      ...whys.filter((why) => why && !why.startsWith('Never')),
      ...(idle.length > 0 ? [`Never called in this run: ${idle.join(', ')}.`] : []),
      ...ours.map((name) => `Nothing in this run to measure: ${name} (${metrics[name].what}).`),
    ]),
  ];
}

const isFunction = (of: Resource, series: Measured['series']) => keyOfAws(of, 'Invocations') in series;
