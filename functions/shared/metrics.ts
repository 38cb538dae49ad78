import { Metrics } from '@aws-lambda-powertools/metrics';
import { type Metric, type MetricName, metrics } from '../metrics.ts';

/** The value of the dimension `service`, which every metric has. */
const service = 'spot-optimizer';

/**
 * Writes log lines that CloudWatch turns into metrics (EMF). They bypass Lambda's console, which would wrap them. The
 * namespace is the deployment's (POWERTOOLS_METRICS_NAMESPACE); if POWERTOOLS_METRICS_DISABLED is set, nothing is
 * written.
 */
const powertools = new Metrics({ serviceName: service });

type Labels = Readonly<Partial<Record<NonNullable<Metric['dimension'] | Metric['property']>, string>>>;

/**
 * Emits metrics of the table in one log line.
 * @param values by name; each value of an array counts, as percentiles need
 * @param labels dimensions and properties, as the table lists them for each metric
 */
export function emit(
  values: Readonly<Partial<Record<MetricName, number | readonly number[]>>>,
  labels: Labels = {},
): void {
  const named = Object.entries(values) as [MetricName, number | readonly number[]][];
  const dimensions = new Set(named.map(([name]) => (metrics[name] as Metric).dimension));
  for (const [label, value] of Object.entries(labels))
    if (dimensions.has(label as Metric['dimension'])) powertools.addDimension(label, value);
    else powertools.addMetadata(label, value);
  for (const [name, value] of named)
    for (const one of [value].flat()) powertools.addMetric(name, metrics[name].unit, one as number);
  powertools.publishStoredMetrics();
}
