import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { routes } from '../../functions/routes.ts';
import { type Route, routeKey } from '../../functions/shared/route.ts';
import { development, production } from '../../lib/config.ts';
import { type Resource, resourcesOf, stackOf, template } from '../support/stack/template.ts';

describe('in production', () => {
  it('the database never sleeps, upgrades only by a deployment, and exports its error and slow query logs', () => {
    template.hasResourceProperties('AWS::RDS::DBCluster', {
      ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 16 },
      EnableCloudwatchLogsExports: ['error', 'slowquery'],
    });
    for (const [, { Properties }] of resourcesOf('AWS::RDS::DBInstance'))
      expect(Properties).toMatchObject({ AutoMinorVersionUpgrade: false, PubliclyAccessible: false });
  });

  it('the database is protected from deletion only at the end, so that a failed first deployment can be undone', () => {
    const [[, protection]] = resourcesOf('Custom::AWS') as [[string, Resource]];
    const before = ['Custom::Trigger', 'AWS::ApiGatewayV2::Stage'].map((type) => resourcesOf(type)[0]![0]);
    expect(protection.DependsOn).toEqual(expect.arrayContaining(before));
    const call = (name: 'Create' | 'Delete') => protection.Properties[name]['Fn::Join'][1].join('');
    expect(call('Create')).toContain('"DeletionProtection":true');
    expect(call('Delete')).toContain('"DeletionProtection":false');
    expect(resourcesOf('AWS::RDS::DBCluster')[0]![1].Properties).not.toHaveProperty('DeletionProtection');
  });

  it('each route that needs no token has its own rate limit, at most a tenth of the default', () => {
    const [[, { Properties }]] = resourcesOf('AWS::ApiGatewayV2::Stage') as [[string, Resource]];
    const open = Object.values(routes)
      .flatMap((table) => Object.values<Route>(table))
      .filter(({ access }) => access === 'open');
    expect(Object.keys(Properties.RouteSettings).toSorted()).toEqual(open.map(routeKey).toSorted());
    for (const route of open)
      expect(Properties.RouteSettings[routeKey(route)].ThrottlingRateLimit, routeKey(route)).toBeLessThanOrEqual(
        Properties.DefaultRouteSettings.ThrottlingRateLimit / 10,
      );
  });

  it('the log of each function is kept for 30 days, and no log for longer', () => {
    const groups = new Map(resourcesOf('AWS::Logs::LogGroup'));
    for (const [name, { Properties }] of resourcesOf('AWS::Lambda::Function'))
      expect(groups.get(Properties.LoggingConfig.LogGroup.Ref)!.Properties.RetentionInDays, name).toBe(30);
    for (const [name, { Properties }] of groups) expect(Properties.RetentionInDays, name).toBeLessThanOrEqual(30);
  });

  it('no function reserves concurrency, which a new account does not have', () => {
    for (const [name, { Properties }] of resourcesOf('AWS::Lambda::Function'))
      expect(Properties, name).not.toHaveProperty('ReservedConcurrentExecutions');
  });
});

describe('a development deployment', () => {
  const dev = Template.fromStack(stackOf(development));

  it('sleeps when nobody calls it, runs no jobs, and leaves no database behind', () => {
    dev.hasResource('AWS::RDS::DBCluster', {
      DeletionPolicy: 'Delete',
      Properties: { ServerlessV2ScalingConfiguration: { MinCapacity: 0, SecondsUntilAutoPause: 300 } },
    });
    dev.resourceCountIs('Custom::AWS', 0);
    dev.allResourcesProperties('AWS::Scheduler::Schedule', { State: 'DISABLED' });
  });
});

describe('the configuration of an operator', () => {
  const custom = Template.fromStack(
    stackOf({
      ...production,
      database: { ...production.database, hasReader: true },
      reservedConcurrency: { 'spot-events': 10, authorizer: 20 },
      tenantRegions: ['eu-west-1', 'us-east-1'],
      placementScoresADay: 10,
      alarmEmail: 'oncall@example.com',
      domain: { name: 'spot.example.com', certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/abc' },
    }),
  );

  it('adds a reader that can take over', () => {
    custom.resourceCountIs('AWS::RDS::DBInstance', 2);
  });

  it('reserves executions that a crowd of agents cannot take', () => {
    const reserved = Object.values(custom.findResources('AWS::Lambda::Function')).flatMap(
      ({ Properties }) => Properties.ReservedConcurrentExecutions ?? [],
    );
    expect(reserved.toSorted()).toEqual([10, 20]);
  });

  it('limits the regions in which prices are read', () => {
    custom.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          {
            Effect: 'Allow',
            Action: [
              'ec2:DescribeAvailabilityZones',
              'ec2:DescribeInstanceTypeOfferings',
              'ec2:DescribeSpotPriceHistory',
              'ec2:GetSpotPlacementScores',
            ],
            Resource: '*',
            Condition: { StringEquals: { 'aws:RequestedRegion': ['eu-west-1', 'us-east-1'] } },
          },
        ]),
      },
    });
  });

  it('sets who hears alarms, and the domain name of the API', () => {
    custom.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'oncall@example.com' });
    custom.hasResourceProperties('AWS::ApiGatewayV2::DomainName', { DomainName: 'spot.example.com' });
    custom.hasOutput('ApiUrl', { Value: 'https://spot.example.com' });
  });
});
