import type { CfnElement } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { type JobName, jobs } from '../../functions/jobs.ts';
import { functionNames, type LambdaName, lambdas } from '../../functions/lambdas.ts';
import { routes } from '../../functions/routes.ts';
import { type Route, routeKey } from '../../functions/shared/route.ts';
import { detailTypes, endingStates } from '../../functions/spot-events/ec2-events.ts';
import { AppFunction } from '../../lib/app-function.ts';
import { type Resource, resourcesOf, stack, template } from '../support/stack/template.ts';

const all = (type: string) => Object.values(template.findResources(type));
const idOf = (construct: { node: { defaultChild?: unknown } }) =>
  stack.getLogicalId(construct.node.defaultChild as CfnElement);

/** Our functions as [name, logical id, resource]; all others are CDK's own and run only during a deployment. */
const ours = stack.node
  .findAll()
  .filter((construct) => construct instanceof AppFunction)
  .map((fn) => [fn.node.id, idOf(fn), template.findResources('AWS::Lambda::Function')[idOf(fn)]!] as const);
/** `docs` only serves files: it has no access to the database. */
const withDatabase = ours.filter(([name]) => name !== 'docs');
const functionId = (name: string) => ours.find(([of]) => of === name)![1];

const declared = Object.entries(routes).flatMap(([domain, table]) =>
  Object.values<Route>(table).map((route) => ({ domain, route })),
);

describe('the API', () => {
  const deployed = new Map(all('AWS::ApiGatewayV2::Route').map(({ Properties }) => [Properties.RouteKey, Properties]));

  it('serves exactly the routes of the route table', () => {
    expect([...deployed.keys()].toSorted()).toEqual(declared.map(({ route }) => routeKey(route)).toSorted());
  });

  it('asks the authorizer about every route that is not open, and about no other', () => {
    for (const { route } of declared)
      expect(deployed.get(routeKey(route)), routeKey(route)).toMatchObject(
        route.access === 'open' ? { AuthorizationType: 'NONE' } : { AuthorizationType: 'CUSTOM' },
      );
  });

  it('sends each route to the Lambda of its domain', () => {
    const integrations = template.findResources('AWS::ApiGatewayV2::Integration');
    for (const { domain, route } of declared) {
      const [, integration] = deployed.get(routeKey(route))!.Target['Fn::Join'][1]; // integrations/<id>
      expect(JSON.stringify(integrations[integration.Ref]), routeKey(route)).toContain(`"${functionId(domain)}"`);
    }
  });

  it('may invoke the Lambda of the default route, whose source ARN is shorter than the others', () => {
    template.hasResourceProperties('AWS::Lambda::Permission', {
      FunctionName: { 'Fn::GetAtt': [functionId('system'), 'Arn'] },
      SourceArn: { 'Fn::Join': ['', Match.arrayWith(['/*/*'])] },
    });
  });

  it('caches an identity for a minute, and answers preflight requests itself', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      AuthorizerResultTtlInSeconds: 60,
      EnableSimpleResponses: true,
      IdentitySource: ['$request.header.Authorization'],
    });
    template.hasResourceProperties('AWS::ApiGatewayV2::Api', {
      CorsConfiguration: {
        AllowMethods: ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'],
        AllowHeaders: ['content-type', 'authorization'],
        ExposeHeaders: ['x-next-cursor'],
        MaxAge: 600,
      },
    });
  });

  it('caches an identity for as long as the table of Lambdas says', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      AuthorizerResultTtlInSeconds: lambdas.authorizer.cacheSeconds,
    });
  });

  it('is throttled, and serves the root of its host', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: '$default',
      DefaultRouteSettings: { ThrottlingRateLimit: Match.anyValue(), ThrottlingBurstLimit: Match.anyValue() },
    });
  });
});

describe('the functions', () => {
  it('are one for each domain, plus those that no route leads to', () => {
    expect(ours.map(([name]) => name).toSorted()).toEqual(
      [...Object.keys(routes), 'authorizer', 'delivery', 'jobs', 'migrate', 'reconciler', 'spot-events'].toSorted(),
    );
  });

  it.each(ours)('%s runs on Node 24 and ARM, and its log expires', (_name, _id, { Properties }) => {
    expect(Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      LoggingConfig: { LogFormat: 'JSON' },
    });
    const log = template.findResources('AWS::Logs::LogGroup')[Properties.LoggingConfig.LogGroup.Ref];
    expect(log!.Properties.RetentionInDays).toBeGreaterThan(0);
  });

  it('are those of the table, with the memory and timeout that it gives', () => {
    expect(ours.map(([name]) => name).toSorted()).toEqual(functionNames.toSorted());
    for (const [name, , { Properties }] of ours) {
      const { memoryMB, timeoutSeconds } = lambdas[name as LambdaName];
      expect(Properties, name).toMatchObject({ MemorySize: memoryMB, Timeout: timeoutSeconds });
    }
  });

  it.each([
    ['ADMIN_TOKEN_SHA256', ['authorizer']],
    ['TOKEN_KEY_ID', ['admin', 'webhook', 'delivery']],
    ['WEBHOOK_LOOPBACK', []],
    ['MODEL_BUCKET', ['decision', 'model', 'jobs']],
    ['DATABASE_ARN', withDatabase.map(([name]) => name)],
    ['DATABASE_MASTER_SECRET_ARN', ['migrate']],
  ])('%s is set for %j alone', (variable, names) => {
    const told = ours.filter(([, , { Properties }]) => variable in Properties.Environment.Variables);
    expect(told.map(([name]) => name)).toEqual(names);
  });

  it('that decide or try out models have the layer with the model and its runtime; no other has a layer', () => {
    const [[layer]] = resourcesOf('AWS::Lambda::LayerVersion') as [[string, Resource]];
    const withLayers = ours.filter(([, , { Properties }]) => Properties.Layers !== undefined);
    expect(withLayers.map(([name]) => name).toSorted()).toEqual(['decision', 'jobs', 'model']);
    for (const [name, , { Properties }] of withLayers) expect(Properties.Layers, name).toEqual([{ Ref: layer }]);
  });

  it('use no wildcard actions, and the Data API only on our own cluster', () => {
    const statements = all('AWS::IAM::Policy').flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
    const actions = statements.flatMap(({ Action }) => Action);
    expect(actions.filter((action) => action.includes('*'))).toEqual([]);

    const dataApi = statements.filter(({ Action }) => [Action].flat().some((action) => action.startsWith('rds-data:')));
    const [cluster] = Object.keys(template.findResources('AWS::RDS::DBCluster'));
    expect(dataApi).toHaveLength(withDatabase.length);
    for (const { Resource } of dataApi)
      expect(Resource['Fn::Join'][1].slice(-2)).toEqual([':cluster:', { Ref: cluster }]);
  });
});

const statementsOf = (name: string) => {
  const { Ref: role } = { Ref: ours.find(([of]) => of === name)![2].Properties.Role['Fn::GetAtt'][0] };
  return all('AWS::IAM::Policy')
    .filter(({ Properties }) => Properties.Roles.some(({ Ref }: { Ref: string }) => Ref === role))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
};

describe('uploaded models', () => {
  const s3Of = (name: string) =>
    statementsOf(name).filter(({ Action }) => [Action].flat().some((action: string) => action.startsWith('s3:')));

  it('are stored by one function; those that decide may read activated models and nothing else', () => {
    const names = ours.map(([name]) => name).filter((name) => s3Of(name).length > 0);
    expect(names.toSorted()).toEqual(['decision', 'jobs', 'model']);
    const [[bucket]] = resourcesOf('AWS::S3::Bucket') as [[string, Resource]];
    for (const name of ['decision', 'jobs'])
      expect(s3Of(name)).toEqual([
        {
          Effect: 'Allow',
          Action: 's3:GetObject',
          Resource: { 'Fn::Join': ['', [{ 'Fn::GetAtt': [bucket, 'Arn'] }, '/activated/*']] },
        },
      ]);
  });
});

describe('notifications', () => {
  const names = ours.map(([name]) => name);
  const which = (action: string) =>
    names.filter((name) => statementsOf(name).some(({ Action }) => [Action].flat().includes(action)));

  it('are published only by the functions that send them, to topics with our name in other accounts', () => {
    expect(which('sns:Publish').toSorted()).toEqual(['delivery', 'webhook']);
    for (const name of ['delivery', 'webhook'])
      expect(statementsOf(name)).toContainEqual({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Resource: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':sns:*:*:SpotOptimizerNotifications*']] },
        Condition: { StringNotEquals: { 'aws:ResourceAccount': { Ref: 'AWS::AccountId' } } },
      });
  });

  it('are sent by functions that can decrypt webhook secrets, but no token', () => {
    expect(which('kms:Decrypt').toSorted()).toEqual(['admin', 'delivery', 'webhook']);
    expect(which('kms:Encrypt').toSorted()).toEqual(['admin', 'webhook']);
    for (const name of ['delivery', 'webhook'])
      for (const { Action, Condition } of statementsOf(name))
        if ([Action].flat().some((action: string) => action.startsWith('kms:')))
          expect(Condition).toEqual({ StringEquals: { 'kms:EncryptionContext:purpose': 'webhook' } });
  });
});

describe('access to the database', () => {
  const [[appSecret, { Properties: secret }]] = resourcesOf('AWS::SecretsManager::Secret') as [[string, Resource]];
  const [[cluster]] = resourcesOf('AWS::RDS::DBCluster') as [[string, Resource]];
  const app = { Ref: appSecret };
  const master = { 'Fn::GetAtt': [cluster, 'MasterUserSecret.SecretArn'] };
  /** What a function may do with secrets, as [actions, resource]. */
  const secretsOf = (name: string) => {
    const role = ours.find(([of]) => of === name)![2].Properties.Role['Fn::GetAtt'][0];
    return resourcesOf('AWS::IAM::Policy')
      .filter(([, { Properties }]) => Properties.Roles.some(({ Ref }: { Ref: string }) => Ref === role))
      .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement)
      .filter(({ Action }) => [Action].flat().some((action: string) => action.startsWith('secretsmanager:')))
      .map(({ Action, Resource }) => [Action, Resource]);
  };

  it.each(
    withDatabase.filter(([name]) => name !== 'migrate'),
  )('%s reads the secret of the application’s user, and no other', (name, _id, { Properties }) => {
    expect(secretsOf(name)).toEqual([['secretsmanager:GetSecretValue', app]]);
    expect(Properties.Environment.Variables.DATABASE_SECRET_ARN).toEqual(app);
  });

  it('docs, which only serves files, reads no secret', () => {
    expect(secretsOf('docs')).toEqual([]);
  });

  it('migrate logs in as the master, and may read both secrets but change only the application’s', () => {
    expect(secretsOf('migrate')).toEqual([
      ['secretsmanager:GetSecretValue', master],
      [
        ['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'].map(
          (action) => `secretsmanager:${action}`,
        ),
        app,
      ],
    ]);
  });

  it('uses a generated password, which needs no escaping in a statement', () => {
    const { SecretStringTemplate, ...generated } = secret.GenerateSecretString;
    expect(generated).toEqual({ GenerateStringKey: 'password', PasswordLength: 40, ExcludePunctuation: true });
    expect(JSON.parse(SecretStringTemplate)).toEqual({ username: 'app' });
  });

  it('has its password rotated every 30 days by migrate, which Secrets Manager may invoke for this secret', () => {
    template.hasResourceProperties('AWS::SecretsManager::RotationSchedule', {
      SecretId: app,
      RotationLambdaARN: { 'Fn::GetAtt': [functionId('migrate'), 'Arn'] },
      RotationRules: { ScheduleExpression: 'rate(30 days)' },
      RotateImmediatelyOnUpdate: false, // it would coincide with the migration that creates the user
    });
    template.hasResourceProperties('AWS::Lambda::Permission', {
      FunctionName: { 'Fn::GetAtt': [functionId('migrate'), 'Arn'] },
      Principal: 'secretsmanager.amazonaws.com',
      SourceArn: app,
    });
  });
});

describe('access to tenants’ accounts', () => {
  it('belongs to one function, and reaches only roles with our name, in any account', () => {
    const policies = Object.values(template.findResources('AWS::IAM::Policy')).filter(({ Properties }) =>
      JSON.stringify(Properties.PolicyDocument).includes('sts:AssumeRole'),
    );
    expect(policies).toHaveLength(1);
    const [, , reconciler] = ours.find(([name]) => name === 'reconciler')!;
    expect(policies[0]!.Properties.Roles).toEqual([{ Ref: reconciler.Properties.Role['Fn::GetAtt'][0] }]);
    const arn = (role: string) => ({
      'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iam::*:role/${role}`]],
    });
    expect(
      policies[0]!.Properties.PolicyDocument.Statement.filter(
        ({ Action }: { Action: unknown }) => Action === 'sts:AssumeRole',
      ),
    ).toEqual([
      { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: [arn('*/SpotOptimizer*'), arn('SpotOptimizer*')] },
    ]);
  });
});

describe('the market data of AWS', () => {
  it('is read by one function, and the price list only in the region that serves it', () => {
    const statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
      ({ Properties }) => Properties.PolicyDocument.Statement,
    );
    const reading = (word: string) => statements.filter(({ Action }) => JSON.stringify(Action).includes(word));
    expect(reading('pricing:')).toEqual([
      {
        Effect: 'Allow',
        Action: 'pricing:GetProducts',
        Resource: '*',
        Condition: { StringEquals: { 'aws:RequestedRegion': 'us-east-1' } },
      },
    ]);
    expect(reading('ec2:')).toEqual([
      {
        Effect: 'Allow',
        Action: ['ec2:DescribeInstanceTypeOfferings', 'ec2:DescribeSpotPriceHistory'],
        Resource: '*',
      },
    ]);
  });
});

describe('the database', () => {
  it('is encrypted, backed up, and reachable only through the Data API', () => {
    template.hasResource('AWS::RDS::DBCluster', {
      DeletionPolicy: 'Snapshot',
      Properties: {
        EnableHttpEndpoint: true,
        StorageEncrypted: true,
        BackupRetentionPeriod: 14,
        ManageMasterUserPassword: true,
      },
    });
    expect(all('AWS::EC2::NatGateway')).toEqual([]);
    expect(all('AWS::EC2::InternetGateway')).toEqual([]);
    expect(all('AWS::EC2::SecurityGroup').flatMap(({ Properties }) => Properties.SecurityGroupIngress ?? [])).toEqual(
      [],
    );
  });

  it('is migrated after it exists and before anything uses it', () => {
    const [[migration, trigger]] = Object.entries(template.findResources('Custom::Trigger')) as [
      [string, { DependsOn: string[] }],
    ];
    expect(trigger.DependsOn).toEqual(
      expect.arrayContaining(Object.keys(template.findResources('AWS::RDS::DBInstance'))),
    );
    for (const [name, , { DependsOn }] of ours.filter(([name]) => name !== 'migrate'))
      expect(DependsOn, name).toContain(migration);
  });
});

describe('the jobs', () => {
  it('have the schedules of the table, and each passes its Lambda its name and the time it was due', () => {
    const schedules = all('AWS::Scheduler::Schedule').map(({ Properties: { ScheduleExpression, Target } }) => {
      const { job, time } = JSON.parse(Target.Input);
      expect(time).toBe('<aws.scheduler.scheduled-time>');
      expect(Target).toMatchObject({
        Arn: { 'Fn::GetAtt': [functionId(jobs[job as JobName].runsIn), 'Arn'] },
        DeadLetterConfig: { Arn: expect.anything() },
      });
      return [job, ScheduleExpression];
    });
    expect(Object.fromEntries(schedules)).toEqual(
      Object.fromEntries(Object.entries(jobs).map(([name, { every }]) => [name, every])),
    );
  });
});

describe('failed invocations', () => {
  it('go to one queue, from every Lambda that runs jobs', () => {
    const lost = all('AWS::Lambda::EventInvokeConfig').map(({ Properties }) => [
      Properties.FunctionName.Ref,
      Properties.DestinationConfig.OnFailure.Destination['Fn::GetAtt'][0],
    ]);
    expect(lost.map(([fn]) => fn).toSorted()).toEqual(
      [functionId('delivery'), functionId('jobs'), functionId('reconciler')].toSorted(),
    );
    expect(new Set(lost.map(([, queue]) => queue)).size).toBe(1);
  });
});

describe("EC2's events", () => {
  const [[busId]] = Object.entries(template.findResources('AWS::Events::EventBus')) as [[string, unknown]];
  const rules = all('AWS::Events::Rule').map(({ Properties }) => Properties);
  const [mapping] = all('AWS::Lambda::EventSourceMapping').map(({ Properties }) => Properties);
  const queues = template.findResources('AWS::SQS::Queue');
  const queueId = mapping.EventSourceArn['Fn::GetAtt'][0] as string;
  const queue = queues[queueId]!.Properties;
  const lostId = queue.RedrivePolicy.deadLetterTargetArn['Fn::GetAtt'][0] as string;

  it('are those that the function knows, from our own bus, and go to the queue or else to a dead-letter queue', () => {
    expect(rules.flatMap(({ EventPattern }) => EventPattern['detail-type']).toSorted()).toEqual(
      Object.values(detailTypes).toSorted(),
    );
    for (const { EventBusName, EventPattern, Targets } of rules) {
      expect(EventBusName).toEqual({ Ref: busId });
      expect(EventPattern.source).toEqual(['aws.ec2']);
      expect(Targets).toMatchObject([
        {
          Arn: { 'Fn::GetAtt': [queueId, 'Arn'] },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': [lostId, 'Arn'] } },
          RetryPolicy: { MaximumEventAgeInSeconds: 600 },
        },
      ]);
    }
    const changes = rules.find(({ EventPattern }) => EventPattern['detail-type'].includes(detailTypes.stateChange));
    expect(changes.EventPattern.detail.state).toEqual(endingStates);
  });

  it('are accepted from the accounts or organisation that the operator names, and from nobody by default', () => {
    const [accounts, organization] = all('AWS::Events::EventBusPolicy');
    const statement = {
      Effect: 'Allow',
      Action: 'events:PutEvents',
      Resource: { 'Fn::GetAtt': [busId, 'Arn'] },
    };
    expect(accounts!.Properties.Statement).toEqual({
      ...statement,
      Sid: 'TenantAccounts',
      Principal: { AWS: { Ref: 'TenantAccounts' } },
    });
    expect(organization!.Properties.Statement).toEqual({
      ...statement,
      Sid: 'TenantOrganization',
      Principal: '*',
      Condition: { StringEquals: { 'aws:PrincipalOrgID': { Ref: 'TenantOrganization' } } },
    });
    for (const { Condition } of [accounts!, organization!])
      expect(template.toJSON().Conditions[Condition]).toMatchObject({
        'Fn::Not': [{ 'Fn::Equals': [expect.anything(), ''] }],
      });
    for (const name of ['TenantAccounts', 'TenantOrganization'])
      expect(template.toJSON().Parameters[name].Default).toBe('');
  });

  it('reach the function in batches that may fail in part, with bounded concurrency', () => {
    expect(mapping).toMatchObject({
      FunctionName: { Ref: functionId('spot-events') },
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 10 },
    });
  });

  it('are retried while there is time, and dead-lettered before the queue would delete them silently', () => {
    const [, , { Properties: fn }] = ours.find(([name]) => name === 'spot-events')!;
    expect(queue.MessageRetentionPeriod).toBe(600);
    expect(queue.VisibilityTimeout).toBeGreaterThanOrEqual(2 * fn.Timeout); // docs/adr/0025 says why it is not six times
    expect(queue.VisibilityTimeout * queue.RedrivePolicy.maxReceiveCount).toBeLessThan(600);
    expect(queues[lostId]!.Properties.MessageRetentionPeriod).toBe(14 * 24 * 3600);
  });

  it('are batched, retried and dead-lettered as the table of Lambdas says', () => {
    const { batchSize, concurrency, maxReceives, visibilitySeconds, timeoutSeconds } = lambdas['spot-events'];
    expect(mapping).toMatchObject({ BatchSize: batchSize, ScalingConfig: { MaximumConcurrency: concurrency } });
    expect(queue).toMatchObject({
      VisibilityTimeout: visibilitySeconds,
      RedrivePolicy: { maxReceiveCount: maxReceives },
    });
    expect(visibilitySeconds).toBeGreaterThan(timeoutSeconds); // otherwise a message is handled twice at once
  });

  it('are encrypted at rest and in transit', () => {
    for (const id of [queueId, lostId]) {
      expect(queues[id]!.Properties.SqsManagedSseEnabled).toBe(true);
      template.hasResourceProperties('AWS::SQS::QueuePolicy', {
        Queues: [{ Ref: id }],
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          ]),
        },
      });
    }
  });
});
