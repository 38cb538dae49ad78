import { Aws } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';

interface Own {
  /** The agents' role, which an instance passes to the one that it launches. */
  readonly roleArn: string;
  readonly profileArn: string;
}

/**
 * Permissions for the AWS calls of agents in the field (protocol 6). They launch successors and standbys like
 * themselves, and may terminate only instances with their own profile, so other instances in the account are out of
 * their reach.
 */
export function agentStatements({ roleArn, profileArn }: Own): PolicyStatement[] {
  const ec2 = (kind: string, account: string = Aws.ACCOUNT_ID) => `arn:${Aws.PARTITION}:ec2:*:${account}:${kind}/*`; // a role applies in every region
  const own = { ArnEquals: { 'ec2:InstanceProfile': profileArn } };
  return [
    new PolicyStatement({
      sid: 'Look',
      actions: [
        'ec2:DescribeImages',
        'ec2:DescribeInstances',
        'ec2:DescribeInstanceStatus',
        'ec2:DescribeSnapshots',
        'ec2:DescribeSpotPriceHistory',
        'pricing:GetProducts',
      ],
      resources: ['*'], // these calls have no resource
    }),
    new PolicyStatement({
      sid: 'LaunchInstances',
      actions: ['ec2:RunInstances'],
      resources: [ec2('instance')],
      conditions: own,
    }),
    new PolicyStatement({
      sid: 'LaunchWith',
      actions: ['ec2:RunInstances'],
      resources: [
        ...['network-interface', 'volume', 'subnet', 'security-group', 'key-pair', 'spot-instances-request'].map(
          (kind) => ec2(kind),
        ),
        ec2('image', ''), // the ARNs of images and snapshots name no account
        ec2('snapshot', ''),
      ],
    }),
    new PolicyStatement({
      sid: 'TagAtLaunch',
      actions: ['ec2:CreateTags'],
      resources: ['instance', 'volume', 'spot-instances-request'].map((kind) => ec2(kind)),
      conditions: { StringEquals: { 'ec2:CreateAction': 'RunInstances' } },
    }),
    new PolicyStatement({
      sid: 'Terminate',
      actions: ['ec2:TerminateInstances'],
      resources: [ec2('instance')],
      conditions: own,
    }),
    new PolicyStatement({
      sid: 'HandOnTheRole',
      actions: ['iam:PassRole'],
      resources: [roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    }),
  ];
}
