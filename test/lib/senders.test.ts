import { describe, expect, it } from 'vitest';
import { type Resource, resourcesOf } from '../support/stack/template.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Principal?: { readonly Service?: string };
  readonly Condition?: unknown;
  readonly Resource: unknown;
}

const statementsOf = ([, { Properties }]: [string, Resource]): readonly Statement[] =>
  Properties.PolicyDocument.Statement;
const idOf = (reference: { Ref?: string; 'Fn::GetAtt'?: [string, string] }) =>
  reference.Ref ?? reference['Fn::GetAtt']![0];
const does = ({ Action }: Statement, action: string) => [Action].flat().includes(action);

/** The statements with which the policy of a topic or a queue lets an AWS service in. */
const allowedTo = (service: string, { type, key, id }: { type: string; key: string; id: string }) =>
  resourcesOf(type)
    .filter(([, { Properties }]) => Properties[key].some((of: { Ref: string }) => of.Ref === id))
    .flatMap(statementsOf)
    .filter(({ Effect, Principal }) => Effect === 'Allow' && Principal?.Service === service);
const onQueue = (id: string) =>
  allowedTo('events.amazonaws.com', { type: 'AWS::SQS::QueuePolicy', key: 'Queues', id }).filter((statement) =>
    does(statement, 'sqs:SendMessage'),
  );

/** The resources on which a role may do something. */
const mayDo = (roleId: string, action: string) =>
  resourcesOf('AWS::IAM::Policy')
    .filter(([, { Properties }]) => Properties.Roles.some((role: { Ref: string }) => role.Ref === roleId))
    .flatMap(statementsOf)
    .filter((statement) => statement.Effect === 'Allow' && does(statement, action))
    .flatMap(({ Resource }) => [Resource].flat());

describe('every sender has the permission to send:', () => {
  it('alarms to their topic, and only those of this account', () => {
    const topics = resourcesOf('AWS::CloudWatch::Alarm').flatMap(([, { Properties }]) => Properties.AlarmActions);
    expect(topics.length).toBeGreaterThan(0);
    for (const topic of topics) {
      const id = idOf(topic);
      const allowed = allowedTo('cloudwatch.amazonaws.com', { type: 'AWS::SNS::TopicPolicy', key: 'Topics', id });
      expect(allowed).toMatchObject([
        {
          Action: 'sns:Publish',
          Resource: { Ref: id },
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        },
      ]);
    }
  });

  it('rules to their queues, and to the dead-letter queues of their targets', () => {
    const sent = resourcesOf('AWS::Events::Rule').flatMap(([rule, { Properties }]) =>
      Properties.Targets.flatMap((target: { Arn: never; DeadLetterConfig: { Arn: never } }) =>
        [target.Arn, target.DeadLetterConfig.Arn].map((queue) => ({ rule, queue: idOf(queue) })),
      ),
    );
    expect(sent.length).toBeGreaterThan(0);
    for (const { rule, queue } of sent)
      expect(onQueue(queue).map(({ Condition }) => Condition)).toContainEqual({
        ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [rule, 'Arn'] } },
      });
  });

  it('schedules to their function, and to its dead-letter queue', () => {
    for (const [name, { Properties }] of resourcesOf('AWS::Scheduler::Schedule')) {
      const { RoleArn, Arn, DeadLetterConfig } = Properties.Target;
      expect(mayDo(idOf(RoleArn), 'lambda:InvokeFunction'), name).toContainEqual(Arn);
      expect(mayDo(idOf(RoleArn), 'sqs:SendMessage'), name).toContainEqual(DeadLetterConfig.Arn);
    }
  });

  it('functions to the queue for their failed invocations', () => {
    const functions = new Map(resourcesOf('AWS::Lambda::Function'));
    for (const [, { Properties }] of resourcesOf('AWS::Lambda::EventInvokeConfig')) {
      const role = idOf(functions.get(Properties.FunctionName.Ref)!.Properties.Role);
      const { Destination } = Properties.DestinationConfig.OnFailure;
      expect(mayDo(role, 'sqs:SendMessage'), Properties.FunctionName.Ref).toContainEqual(Destination);
    }
  });
});
