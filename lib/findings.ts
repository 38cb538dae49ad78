import { type App, Validations } from 'aws-cdk-lib';

/**
 * The findings of cdk-nag's packs that are accepted, with the reason. Any other finding fails `npm run synth`. The ids
 * are cdk-nag's. For wildcards in policies they name the resource, so that a new wildcard is a new finding.
 */
const findings: Readonly<Record<string, string>> = {
  'AwsSolutions-VPC7':
    'Nothing runs in the VPC but Aurora, which nobody reaches by a network: flow logs would show nothing.',
  'AwsSolutions-RDS6': 'The Data API authenticates by IAM already, and then uses a secret.',
  'AwsSolutions-RDS10':
    'The protection is set once all is there (lib/deletion-protection.ts); the development stack is to be deleted.',
  'AwsSolutions-RDS11': 'No network leads to the port, so another number hides nothing.',
  'AwsSolutions-RDS14': 'Aurora Serverless v2 has no backtrack; backups restore to the second.',
  'AwsSolutions-APIG1': 'Off in production, since it cannot sample (docs/adr/0061); lib/config.ts switches it on.',
  'Serverless-APIGWAccessLogging':
    'Off in production, since it cannot sample (docs/adr/0061); lib/config.ts switches it on.',
  'AwsSolutions-APIG4':
    'Routes of access `open` (functions/shared/route.ts): they authenticate by themselves, or have nothing to hide.',
  'AwsSolutions-S1': 'Uploaded models: who uploads and activates is in the audit log.',
  ...Object.fromEntries(
    ['sessions', 'activated'].map((folder) => [
      `AwsSolutions-IAM5[Resource::<ModelsBucket970C6ADA.Arn>/${folder}/*]`,
      'The files of sessions, which are not there yet.',
    ]),
  ),
  'AwsSolutions-SQS3': 'It is the queue of what failed, filled by the Scheduler and by Lambda, not by a redrive.',
  'Serverless-SQSRedrivePolicy': 'These are the queues of what failed; an alarm watches each.',
  'Serverless-LambdaDLQ':
    'API functions are called synchronously and spot-events by a queue with a redrive; jobs report failures to a destination, the newer form of the same.',
  'Serverless-LambdaEventSourceMappingDestination': 'SQS sources have none: the queue has a redrive policy.',
  'Serverless-LambdaTracing':
    'X-Ray costs 20 ms of each cold start and a fee for each request; answers carry their Data API calls.',
  'Serverless-EventBusDLQ':
    'In a tenant’s account: a notice that ten minutes could not deliver is not acted on anyway.',
  'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]':
    'Of the functions by which CDK sets log retention and deletion protection; ours have roles of their own.',
  'AwsSolutions-IAM5[Resource::*]':
    'What the reconciler reads of EC2’s market, pricing:GetProducts and logs:PutRetentionPolicy (CDK) and, for tenants, EC2’s Describe calls and GetProducts are of no resource or of ones not known yet.',
  'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:iam::*:role/SpotOptimizer*]':
    'Roles of tenants, whose accounts are not known at deployment: each trusts us with its own external id.',
  'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:iam::*:role/*/SpotOptimizer*]': 'The same, of roles with a path.',
  'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:sns:*:*:SpotOptimizerNotifications*]':
    'Topics of tenants, whose accounts are not known at deployment: each permits us by its own policy, and none is of our account.',
  ...Object.fromEntries(
    ['jobsCA3BC24D', 'reconciler4AE7EECB', 'deliveryB368A19F'].map((id) => [
      `AwsSolutions-IAM5[Resource::<Jobs${id}.Arn>:*]`,
      'CDK’s Scheduler target admits the versions of its function too.',
    ]),
  ),
  ...Object.fromEntries(
    ['instance', 'key-pair', 'network-interface', 'security-group', 'spot-instances-request', 'subnet', 'volume'].map(
      (kind) => [
        `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:*:<AWS::AccountId>:${kind}/*]`,
        'What agents launch has no id yet; instances are held to the agents’ own profile (lib/tenant/agent-permissions.ts).',
      ],
    ),
  ),
  ...Object.fromEntries(
    ['image', 'snapshot'].map((kind) => [
      `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:*::${kind}/*]`,
      'Agents launch the image that they run on, which this stack does not know.',
    ]),
  ),
};

/** The accepted findings of cfn-lint by rule, with the reason. Any other finding fails `npm run lint-templates`. */
export const cfnLintFindings: Readonly<Record<string, string>> = {
  W3005: 'CDK says on what a function depends, also where a reference does.',
};

/** The same for checkov's checks. */
export const checkovFindings: Readonly<Record<string, string>> = {
  CKV_AWS_18: 'Uploaded models: who uploads and activates is in the audit log.',
  CKV_AWS_21: 'A session’s files are written once; those of sessions that are gone are to be gone too.',
  CKV_AWS_26: 'CloudWatch may not publish to a topic under the key that AWS manages; alarms tell no secret.',
  CKV_AWS_27: 'SQS encrypts them with keys of its own; the check knows KMS’s keys alone.',
  CKV_AWS_95: 'Off in production, since it cannot sample (docs/adr/0061); lib/config.ts switches it on.',
  CKV_AWS_111: 'logs:PutRetentionPolicy of CDK’s function, for log groups that it does not make itself.',
  CKV_AWS_115: 'A new account has no concurrency to keep; lib/config.ts keeps some (docs/overview.md).',
  CKV_AWS_116:
    'API functions are called synchronously; what is called otherwise reports failures to a destination or a queue.',
  CKV_AWS_117: 'They reach the database by the Data API: in the VPC they would need a NAT gateway for nothing.',
  CKV_AWS_118: 'Serverless v2 tells its load and memory without it.',
  CKV_AWS_149: 'Secrets Manager encrypts them with the key that AWS manages, which no other account reads by.',
  CKV_AWS_158: 'CloudWatch encrypts logs with keys of its own; tokens and secrets are never logged.',
  CKV_AWS_162: 'The Data API authenticates by IAM already, and then uses a secret.',
  CKV_AWS_173: 'Lambda encrypts them with a key of its own; what is secret is in Secrets Manager, or there as a hash.',
};

export function acknowledgeFindings(app: App): void {
  for (const [id, reason] of Object.entries(findings)) Validations.of(app).acknowledge({ id, reason });
}
