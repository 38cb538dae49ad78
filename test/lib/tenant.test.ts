import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import cdk from '../../cdk.json' with { type: 'json' };
import { detailTypes } from '../../functions/spot-events/ec2-events.ts';
import { TenantStack } from '../../lib/tenant/tenant-stack.ts';

const stack = new TenantStack(new App({ context: cdk.context }), 'Tenant');
const template = Template.fromStack(stack).toJSON();
const resource = (id: string) => template.Resources[id];
const statements = (id: string) => resource(id).Properties.Policies[0].PolicyDocument.Statement;
const trust = (id: string) => resource(id).Properties.AssumeRolePolicyDocument.Statement;
const resourceOf = (id: string, sid: string) =>
  JSON.stringify(statements(id).find(({ Sid }: { Sid: string }) => Sid === sid));

describe("what a tenant deploys in its instances' account", () => {
  it('is a single template that needs no other file', () => {
    expect(JSON.stringify(template)).not.toContain('cdk-');
    expect(Object.keys(template.Parameters).toSorted()).toEqual([
      'ControlPlaneAccount',
      'EventBusArn',
      'ExternalId',
      'Roles',
    ]);
  });

  it('lets the control plane describe instances, from its account and with the external id', () => {
    expect(trust('Verifier')).toMatchObject([
      { Action: 'sts:AssumeRole', Condition: { StringEquals: { 'sts:ExternalId': { Ref: 'ExternalId' } } } },
    ]);
    expect(JSON.stringify(trust('Verifier')[0].Principal)).toContain('{"Ref":"ControlPlaneAccount"}');
    expect(resource('Verifier').Properties.RoleName).toMatch(/^SpotOptimizer/); // our own permission requires it
    expect(statements('Verifier').flatMap(({ Action }: { Action: string[] }) => Action)).toEqual([
      'ec2:DescribeInstanceStatus',
      'ec2:DescribeInstances',
      'ec2:GetCapacityManagerMetricData',
    ]);
  });

  it('forwards every event that we handle, to our bus and nowhere else', () => {
    const { EventPattern, Targets } = resource('Notices').Properties;
    expect(EventPattern['detail-type'].toSorted()).toEqual(Object.values(detailTypes).toSorted());
    expect(Targets).toMatchObject([{ Arn: { Ref: 'EventBusArn' } }]);
    expect(JSON.stringify(Targets[0].RoleArn)).toContain(`:role/${resource('Forwarder').Properties.RoleName}`);
    expect(statements('Forwarder')).toEqual([
      { Effect: 'Allow', Action: 'events:PutEvents', Resource: { Ref: 'EventBusArn' } },
    ]);
  });

  it.each(['LaunchInstances', 'Terminate'])('lets agents %s only with their own profile', (sid) => {
    const statement = statements('Agent').find(({ Sid }: { Sid: string }) => Sid === sid);
    expect(JSON.stringify(statement.Condition.ArnEquals['ec2:InstanceProfile'])).toContain(
      `:instance-profile/${resource('AgentProfile').Properties.InstanceProfileName}`,
    );
    expect(JSON.stringify(statement.Resource)).toContain(':instance/*');
  });

  it('lets agents pass their own role to EC2, and tag what they launch', () => {
    expect(resourceOf('Agent', 'HandOnTheRole')).toContain(`:role/${resource('Agent').Properties.RoleName}`);
    expect(resourceOf('Agent', 'HandOnTheRole')).toContain('"iam:PassedToService":"ec2.amazonaws.com"');
    expect(resourceOf('Agent', 'TagAtLaunch')).toContain('"ec2:CreateAction":"RunInstances"');
  });

  it('uses no wildcard actions, and the resource * only for calls that cannot be limited to one', () => {
    for (const id of ['Verifier', 'Forwarder', 'Agent'])
      for (const { Action, Resource } of statements(id)) {
        const actions = [Action].flat();
        expect(actions.join()).not.toContain('*');
        if (Resource === '*')
          for (const action of actions)
            expect(action).toMatch(/^(ec2:Describe\w+|ec2:GetCapacityManagerMetricData|pricing:GetProducts)$/);
      }
  });

  it('creates roles in its first region only, as they are the same in all', () => {
    for (const id of ['Verifier', 'Forwarder', 'Agent', 'AgentProfile'])
      expect(resource(id).Condition, id).toBe('MakesRoles');
    expect(resource('Notices').Condition).toBeUndefined();
  });
});
