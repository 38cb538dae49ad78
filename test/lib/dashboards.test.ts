import { describe, expect, it } from 'vitest';
import { functionNames } from '../../functions/lambdas.ts';
import { type Metric, type MetricName, metrics } from '../../functions/metrics.ts';
import { AppFunction } from '../../lib/app-function.ts';
import { development } from '../../lib/config.ts';
import { type Chart, dashboards } from '../../lib/observability/definitions.ts';
import { resourcesOf, stack, stackOf } from '../support/stack/template.ts';

/** The metrics of AWS that the dashboards show, by namespace, as its documentation names them. */
const published: Readonly<Record<string, readonly string[]>> = {
  'AWS/ApiGateway': ['Count', '4xx', '5xx', 'Latency'],
  'AWS/Lambda': ['Invocations', 'Errors', 'Throttles', 'Duration'],
  'AWS/RDS': ['ServerlessDatabaseCapacity', 'ACUUtilization'],
  'AWS/SQS': ['ApproximateAgeOfOldestMessage', 'ApproximateNumberOfMessagesVisible'],
};

interface Drawn {
  readonly type: string;
  readonly properties: {
    readonly title: string;
    readonly query?: string;
    readonly metrics?: readonly (readonly (string | { readonly expression?: string })[])[];
  };
}

/** The widgets of a dashboard's body. A reference in it is written as `<name of the resource>`. */
const widgetsOf = (body: { 'Fn::Join': [string, unknown[]] }): Drawn[] => {
  const nameOf = (part: { Ref?: string; 'Fn::GetAtt'?: string[] }) => `<${part.Ref ?? part['Fn::GetAtt']?.join('.')}>`;
  const text = body['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : nameOf(part as object))).join('');
  return JSON.parse(text).widgets;
};

const deployed = new Map(
  resourcesOf('AWS::CloudWatch::Dashboard').map(([, { Properties }]) => [
    Properties.DashboardName as string,
    widgetsOf(Properties.DashboardBody),
  ]),
);
const drawn = [...deployed.values()].flat();

/** Each metric that a widget draws, as `namespace, name, dimension…`; a search as its expression. */
const drawnMetrics = drawn.flatMap(({ properties }) => properties.metrics ?? []);

describe('the dashboards in CloudWatch', () => {
  it('are those of the definitions, prefixed with the stack name, with the same widgets in the same order', () => {
    expect(
      Object.fromEntries([...deployed].map(([name, all]) => [name, all.map(({ properties }) => properties.title)])),
    ).toEqual(
      Object.fromEntries(dashboards.map(({ name, widgets }) => [`Test-${name}`, widgets.map(({ title }) => title)])),
    );
  });

  it('draw only metrics that AWS publishes on resources of this stack, and all that our table has', () => {
    const [ours, theirs] = [new Set<string>(), new Set<string>()];
    for (const [first, name, ...dimensions] of drawnMetrics) {
      if (typeof first !== 'string') {
        const found = /^SEARCH\('{"Test",service,(\w+)} MetricName="(\w+)"', '\w+', 300\)$/.exec(first!.expression!);
        expect(metrics[found![2] as MetricName], first!.expression).toMatchObject({ dimension: found![1] });
        ours.add(found![2]!);
      } else if (first === 'Test') {
        expect(dimensions.slice(0, 2)).toEqual(['service', 'spot-optimizer']);
        expect(Object.keys(metrics)).toContain(name);
        ours.add(name as string);
      } else {
        expect(published[first], first).toContain(name);
        expect(dimensions[1], `${name}`).toMatch(/^<\w+/);
        theirs.add(`${first} ${name}`);
      }
    }
    expect(theirs.size).toBe(Object.values(published).flat().length);
    expect([...ours].toSorted()).toEqual(Object.keys(metrics).toSorted()); // none is paid for and never shown
  });

  it('show the errors, throttles, duration and invocations of each function', () => {
    const functions = stack.node.findAll().filter((node) => node instanceof AppFunction);
    expect(functions.map(({ node }) => node.id).toSorted()).toEqual(functionNames.toSorted());
    for (const name of published['AWS/Lambda']!) {
      const of = drawnMetrics.filter(([namespace, metric]) => namespace === 'AWS/Lambda' && metric === name);
      expect(of.length, name).toBe(functions.length);
    }
  });

  it('rank pools, which are too many for a metric dimension, from the log of the jobs that write them', () => {
    const [query, ...others] = drawn.filter(({ type }) => type === 'log');
    expect(others).toEqual([]);
    const log = stack.resolve(
      (stack.node.findAll().find((node) => node instanceof AppFunction && node.node.id === 'jobs') as AppFunction)
        .logGroup.logGroupName,
    );
    expect(query!.properties.query).toBe(
      `SOURCE '<${log.Ref}>' | filter ispresent(pool)\n| stats sum(Interruptions) as total by pool\n| sort total desc\n| limit 20`,
    );
    expect(metrics.Interruptions).toMatchObject({ property: 'pool' });
  });
});

it('a chart with a line for each value of a dimension names the dimension of its metric, never a property', () => {
  const charts = dashboards.flatMap(({ widgets }) => widgets.filter((widget): widget is Chart => 'series' in widget));
  for (const { metric } of charts.flatMap(({ series }) => series))
    if ('ours' in metric) expect((metrics[metric.ours] as Metric).dimension, metric.ours).toBe(metric.by);
});

it('the development stack emits no metrics and has no dashboards: they would cost more than the rest of it', () => {
  const small = stackOf(development);
  const functions = small.node.findAll().filter((node): node is AppFunction => node instanceof AppFunction);
  for (const fn of functions) {
    const { variables } = small.resolve((fn.node.defaultChild as unknown as { environment: unknown }).environment);
    expect(variables, fn.node.id).toMatchObject({ POWERTOOLS_METRICS_DISABLED: 'true' });
  }
  expect(small.node.tryFindChild('Dashboards')).toBeUndefined();
});
