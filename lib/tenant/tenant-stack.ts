import { Aws, BootstraplessSynthesizer, CfnCondition, CfnOutput, CfnParameter, Fn, Stack } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import {
  ArnPrincipal,
  CfnInstanceProfile,
  CfnRole,
  PolicyDocument,
  PolicyStatement,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { detailTypes } from '../../functions/spot-events/ec2-events.ts';
import { agentStatements } from './agent-permissions.ts';

/** Fixed names, the same in every region, so that the rules of other regions find the forwarding role. */
const names = {
  verifier: 'SpotOptimizerVerifier',
  forwarder: 'SpotOptimizerForwarder',
  agent: 'SpotOptimizerAgent',
} as const;

/**
 * What a tenant deploys in the account of its instances, with CloudFormation alone: the role with which the control
 * plane checks whether instances are gone, the rules that forward EC2's notices to it, and the instance profile for
 * agents. The first region gets all of it, each further one only the rules.
 */
export class TenantStack extends Stack {
  private readonly controlPlaneAccount: string;
  private readonly externalId: string;
  private readonly eventBus: string;
  private readonly hasRoles: CfnCondition;

  constructor(scope: Construct, id: string) {
    super(scope, id, {
      description: "Spot Optimizer: what it needs in the account of a tenant's instances",
      synthesizer: new BootstraplessSynthesizer(), // the template needs no other files
    });
    this.controlPlaneAccount = this.parameter('ControlPlaneAccount', {
      allowedPattern: '^[0-9]{12}$',
      constraintDescription: 'must be an account id of 12 digits',
      description: 'Account in which the control plane runs',
    });
    this.externalId = this.parameter('ExternalId', {
      allowedPattern: '^[A-Za-z0-9_+=,.@:/-]{8,128}$',
      constraintDescription: 'must be the aws_external_id that came with your tenant',
      description: 'aws_external_id of your tenant',
    });
    this.eventBus = this.parameter('EventBusArn', {
      allowedPattern: '^arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/[A-Za-z0-9._/-]+$',
      constraintDescription: "must be the ARN of the control plane's event bus",
      description: "EventBusArn of the control plane's stack",
    });
    const scopeOfStack = this.parameter('Roles', {
      allowedValues: ['create', 'exist'],
      default: 'create',
      description: '`exist` in each region but the first: only the rules are made there',
    });
    this.hasRoles = new CfnCondition(this, 'MakesRoles', { expression: Fn.conditionEquals(scopeOfStack, 'create') });

    this.verifier();
    this.forwarding();
    this.agents();
  }

  private parameter(name: string, props: ConstructorParameters<typeof CfnParameter>[2]): string {
    return new CfnParameter(this, name, props).valueAsString;
  }

  private role(
    id: string,
    roleName: string,
    props: { trust: PolicyStatement; may: readonly PolicyStatement[] },
  ): CfnRole {
    const role = new CfnRole(this, id, {
      roleName,
      assumeRolePolicyDocument: new PolicyDocument({ statements: [props.trust] }),
      policies: [{ policyName: 'Needed', policyDocument: new PolicyDocument({ statements: [...props.may] }) }],
    });
    role.cfnOptions.condition = this.hasRoles;
    return role;
  }

  /** The role that the job reconcile-instances assumes (docs/adr/0011). EC2's Describe calls have no resource. */
  private verifier(): void {
    const role = this.role('Verifier', names.verifier, {
      trust: new PolicyStatement({
        actions: ['sts:AssumeRole'],
        principals: [new ArnPrincipal(`arn:${Aws.PARTITION}:iam::${this.controlPlaneAccount}:root`)],
        conditions: { StringEquals: { 'sts:ExternalId': this.externalId } },
      }),
      may: [
        new PolicyStatement({
          actions: ['ec2:DescribeInstances', 'ec2:DescribeInstanceStatus', 'ec2:GetCapacityManagerMetricData'],
          resources: ['*'],
        }),
      ],
    });
    this.output('RoleArn', role.attrArn, 'aws_role_arn of your tenant');
  }

  private forwarding(): void {
    this.role('Forwarder', names.forwarder, {
      trust: new PolicyStatement({
        actions: ['sts:AssumeRole'],
        principals: [new ServicePrincipal('events.amazonaws.com')],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
      may: [new PolicyStatement({ actions: ['events:PutEvents'], resources: [this.eventBus] })],
    });
    new CfnRule(this, 'Notices', {
      description: 'Hands EC2’s notices and changes of state to Spot Optimizer',
      eventPattern: { source: ['aws.ec2'], 'detail-type': Object.values(detailTypes) },
      targets: [
        {
          id: 'SpotOptimizer',
          arn: this.eventBus,
          roleArn: `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/${names.forwarder}`,
          retryPolicy: { maximumEventAgeInSeconds: 600 }, // older notices are not acted on
        },
      ],
    });
  }

  private agents(): void {
    const arn = `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}`;
    const role = this.role('Agent', names.agent, {
      trust: new PolicyStatement({
        actions: ['sts:AssumeRole'],
        principals: [new ServicePrincipal('ec2.amazonaws.com')],
      }),
      may: agentStatements({
        roleArn: `${arn}:role/${names.agent}`,
        profileArn: `${arn}:instance-profile/${names.agent}`,
      }),
    });
    const profile = new CfnInstanceProfile(this, 'AgentProfile', {
      instanceProfileName: names.agent,
      roles: [role.ref],
    });
    profile.cfnOptions.condition = this.hasRoles;
    this.output('InstanceProfile', profile.ref, 'IAM instance profile of the instances that run an agent');
  }

  private output(name: string, value: string, description: string): void {
    new CfnOutput(this, name, { value, description }).condition = this.hasRoles;
  }
}
