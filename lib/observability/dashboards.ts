import { Duration, Stack } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  LogQueryVisualizationType,
  LogQueryWidget,
  MathExpression,
  Metric,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { DatabaseCluster } from 'aws-cdk-lib/aws-rds';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { AppFunction } from '../app-function.ts';
import { type Chart, dashboards, type Ranking, type Resource, type Series, type Widget } from './definitions.ts';

export interface DashboardsProps {
  readonly api: HttpApi;
  readonly database: DatabaseCluster;
  readonly events: Queue;
  readonly lostEvents: Queue;
  readonly lostJobs: Queue;
  /** The log of the job that measures the fleet. */
  readonly measureLog: ILogGroup;
}

const period = Duration.minutes(5);
const width = 8;

/** Creates the dashboards of definitions.ts in CloudWatch, named `<stack>-<name>`. */
export class Dashboards extends Construct {
  readonly #props: DashboardsProps;
  readonly #functions: ReadonlyMap<string, AppFunction>;

  constructor(scope: Construct, id: string, props: DashboardsProps) {
    super(scope, id);
    this.#props = props;
    const nodes = Stack.of(this).node.findAll();
    this.#functions = new Map(nodes.flatMap((node) => (node instanceof AppFunction ? [[node.node.id, node]] : [])));
    for (const { name, widgets } of dashboards)
      new CloudWatchDashboard(this, name, {
        dashboardName: `${Stack.of(this).stackName}-${name}`,
        defaultInterval: Duration.days(1),
        widgets: inRows(widgets.map((widget) => this.#widget(widget))),
      });
  }

  #widget(widget: Widget): IWidget {
    return 'ranks' in widget ? this.#ranking(widget) : this.#chart(widget);
  }

  #chart({ title, unit, series, isStacked, limit }: Chart): IWidget {
    return new GraphWidget({
      title,
      width,
      period,
      stacked: isStacked ?? false,
      left: series.map((one) => this.#metric(one)),
      leftYAxis: { min: 0, label: unit, showUnits: false },
      leftAnnotations: limit && [limit],
    });
  }

  #ranking({ title, ranks: { ours, by } }: Ranking): IWidget {
    return new LogQueryWidget({
      title,
      width,
      logGroupNames: [this.#props.measureLog.logGroupName],
      view: LogQueryVisualizationType.BAR,
      queryLines: [`filter ispresent(${by})`, `stats sum(${ours}) as total by ${by}`, 'sort total desc', 'limit 20'],
    });
  }

  #metric({ metric, statistic, label }: Series): IMetric {
    if ('of' in metric) return new Metric({ ...this.#of(metric.of), metricName: metric.aws, statistic, label, period });
    const namespace = Stack.of(this).stackName;
    const { ours, by } = metric;
    if (!by)
      return new Metric({
        namespace,
        dimensionsMap: { service: 'spot-optimizer' },
        metricName: ours,
        statistic,
        label,
        period,
      });
    const search = `SEARCH('{"${namespace}",service,${by}} MetricName="${ours}"', '${statistic}', ${period.toSeconds()})`;
    return new MathExpression({ expression: search, usingMetrics: {}, label: '', period });
  }

  #of(resource: Resource): { namespace: string; dimensionsMap: Record<string, string> } {
    const { api, database, ...queues } = this.#props;
    switch (resource) {
      case 'api':
        return { namespace: 'AWS/ApiGateway', dimensionsMap: { ApiId: api.apiId } };
      case 'database':
        return { namespace: 'AWS/RDS', dimensionsMap: { DBClusterIdentifier: database.clusterIdentifier } };
      case 'events':
      case 'lostEvents':
      case 'lostJobs':
        return { namespace: 'AWS/SQS', dimensionsMap: { QueueName: queues[resource].queueName } };
      default:
        return {
          namespace: 'AWS/Lambda',
          dimensionsMap: { FunctionName: this.#functions.get(resource)!.functionName },
        };
    }
  }
}

const inRows = (widgets: readonly IWidget[]): IWidget[][] => {
  const perRow = 24 / width;
  return Array.from({ length: Math.ceil(widgets.length / perRow) }, (_, row) =>
    widgets.slice(row * perRow, (row + 1) * perRow),
  );
};
