import { readFileSync } from 'node:fs';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { jobLambdas } from '../../functions/jobs.ts';
import { routes } from '../../functions/routes.ts';
import {
  abandonedRun,
  launchCapReached,
  modelFailed,
  notificationsGivenUp,
  pricesAreStale,
} from '../../functions/shared/alarm-lines.ts';
import { AppFunction } from '../../lib/app-function.ts';
import { development } from '../../lib/config.ts';
import { resourcesOf, stack, stackOf, template } from '../support/stack/template.ts';

const alarms = resourcesOf('AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);
const nameOf = ({ AlarmDescription }: { AlarmDescription: string }) => AlarmDescription.split(', ')[1]!;
const alarm = (name: string) => alarms.find((properties) => nameOf(properties) === name);
const [[topic]] = resourcesOf('AWS::SNS::Topic') as [[string, unknown]];

describe('each alarm', () => {
  it('has a runbook section on its meaning, how to look and how to mend; and every section has an alarm', () => {
    const [, ...sections] = readFileSync('docs/runbook.md', 'utf8').split(/^## /m);
    expect(sections.map((section) => section.split('\n')[0]!).toSorted()).toEqual(alarms.map(nameOf).toSorted());
    for (const section of sections)
      for (const part of ['**What it means.**', '**How to look.**', '**How to mend.**'])
        expect(section).toContain(part);
  });

  it('notifies the operator through a topic to subscribe to', () => {
    template.hasOutput('AlarmTopicArn', { Value: { Ref: topic } });
    for (const properties of alarms) expect(properties.AlarmActions, nameOf(properties)).toEqual([{ Ref: topic }]);
  });
});

describe('the operator hears', () => {
  it('of everything that was set aside, in any queue that no function reads', () => {
    const watched = alarms
      .filter(({ MetricName }) => MetricName === 'ApproximateNumberOfMessagesVisible')
      .map(({ Dimensions }) => Dimensions[0].Value['Fn::GetAtt'][0]);
    const read = resourcesOf('AWS::Lambda::EventSourceMapping').map(
      ([, { Properties }]) => Properties.EventSourceArn['Fn::GetAtt'][0],
    );
    const queues = resourcesOf('AWS::SQS::Queue').map(([id]) => id);
    expect(watched.toSorted()).toEqual(queues.filter((id) => !read.includes(id)).toSorted());
  });

  const functionOf = (name: string) =>
    stack.node.findAll().find((node) => node instanceof AppFunction && node.node.id === name) as AppFunction;
  const logOf = (name: string) => stack.resolve(functionOf(name).logGroup.logGroupName);

  it.each([
    ['a run of a job that was killed, in either Lambda of jobs', 'AbandonedJobs', abandonedRun, jobLambdas],
    ['prices that cannot be read', 'StalePrices', pricesAreStale, jobLambdas],
    ['notifications that nobody took', 'LostNotifications', notificationsGivenUp, jobLambdas],
    [
      'launches without end, in any Lambda of the API or of jobs',
      'LaunchCap',
      launchCapReached,
      [...Object.keys(routes), ...jobLambdas],
    ],
    ['a model that decisions do without', 'FailedModel', modelFailed, [...Object.keys(routes), ...jobLambdas]],
  ])('of %s', (_, name, line, functions) => {
    const filters = resourcesOf('AWS::Logs::MetricFilter')
      .map(([, { Properties }]) => Properties)
      .filter(({ FilterPattern }) => FilterPattern === `{ $.message = "${line}" }`);
    expect(filters.map(({ LogGroupName }) => LogGroupName)).toEqual(expect.arrayContaining(functions.map(logOf)));
    expect(filters).toHaveLength(functions.length);
    const { MetricName, MetricNamespace } = filters[0].MetricTransformations[0];
    expect(alarm(name)).toMatchObject({ MetricName, Namespace: MetricNamespace, Statistic: 'Sum', Threshold: 1 });
  });

  it('of notices that wait, while there is still time to act on them', () => {
    const { MetricName, Threshold, EvaluationPeriods, Period } = alarm('LateNotices')!;
    expect(MetricName).toBe('ApproximateAgeOfOldestMessage');
    expect(Threshold + EvaluationPeriods * Period).toBeLessThan(240);
  });

  it('of schedules that do not fire, though that leaves no data in the metric', () => {
    expect(alarm('MissedJobs')).toMatchObject({
      MetricName: 'Invocations',
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
  });

  it('of a password that could not be changed', () => {
    expect(alarm('FailedRotation')).toMatchObject({ MetricName: 'Errors', Threshold: 1 });
    expect(alarm('FailedRotation')!.Dimensions[0].Value.Ref).toMatch(/migrate/);
  });

  it('of a database at its limit, of failing requests and of a failing authorizer', () => {
    expect(alarm('DatabaseAtItsLimit')).toMatchObject({ MetricName: 'ACUUtilization', Threshold: 95 });
    expect(JSON.stringify(alarm('FailedRequests')!.Metrics)).toContain('"5xx"');
    expect(alarm('FailedAuthorizer')).toMatchObject({ MetricName: 'Errors' });
  });
});

it('a deployment whose jobs are off has no alarm for missed jobs', () => {
  const names = Object.values(Template.fromStack(stackOf(development)).findResources('AWS::CloudWatch::Alarm')).map(
    ({ Properties }) => nameOf(Properties as never),
  );
  expect(names).not.toContain('MissedJobs');
  expect(names).toContain('LostEvents');
});
