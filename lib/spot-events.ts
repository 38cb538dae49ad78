import { CfnCondition, CfnParameter, type CfnParameterProps, Duration, Fn } from 'aws-cdk-lib';
import { CfnEventBusPolicy, EventBus, type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { lambdas } from '../functions/lambdas.ts';
import { detailTypes, endingStates } from '../functions/spot-events/ec2-events.ts';
import { AppFunction, type Bundles } from './app-function.ts';
import type { Config } from './config.ts';
import type { Database } from './database.ts';

export interface SpotEventsProps {
  readonly bundles: Bundles;
  readonly config: Config;
  readonly database: Database;
}

/**
 * EC2's events about the tenants' instances. The tenants' accounts forward them to our bus, which queues the relevant
 * ones. This works even if the agent no longer responds.
 */
export class SpotEvents extends Construct {
  /** Dead-letter queue of the events. */
  readonly lost: Queue;
  /** The events to handle, and the function that handles them. */
  readonly queue: Queue;
  readonly fn: AppFunction;
  private readonly bus: EventBus;

  constructor(scope: Construct, id: string, { bundles, config, database }: SpotEventsProps) {
    super(scope, id);
    this.bus = new EventBus(this, 'Bus', { description: 'EC2 events of the tenants of Spot Optimizer' });
    this.admitTenants();

    const { batchSize, concurrency, maxReceives, visibilitySeconds } = lambdas['spot-events'];
    const safe = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true };
    this.lost = new Queue(this, 'Lost', { ...safe, retentionPeriod: Duration.days(14) });
    this.queue = new Queue(this, 'Queue', {
      ...safe,
      retentionPeriod: Duration.minutes(10), // older notices are not acted on anyway
      visibilityTimeout: Duration.seconds(visibilitySeconds),
      // The receive limit is reached before the retention period would silently delete a message.
      deadLetterQueue: { queue: this.lost, maxReceiveCount: maxReceives },
    });
    this.fn = new AppFunction(this, 'spot-events', { bundles, config });
    database.connect(this.fn);
    this.fn.addEventSource(
      new SqsEventSource(this.queue, { batchSize, reportBatchItemFailures: true, maxConcurrency: concurrency }),
    );

    const target = new SqsQueue(this.queue, { deadLetterQueue: this.lost, maxEventAge: Duration.minutes(10) });
    const forward = (name: string, pattern: EventPattern) =>
      new Rule(this, name, {
        eventBus: this.bus,
        eventPattern: { source: ['aws.ec2'], ...pattern },
        targets: [target],
      });
    forward('Notices', { detailType: [detailTypes.interruption, detailTypes.reservation, detailTypes.rebalance] });
    forward('Endings', { detailType: [detailTypes.stateChange], detail: { state: [...endingStates] } });
  }

  /** The address to which tenants' accounts forward events. */
  get busArn(): string {
    return this.bus.eventBusArn;
  }

  /**
   * Lets the accounts or the organisation that the operator names put events on the bus, and do nothing else. An event
   * names the account that it is about, and only AWS can send one with the source `aws.ec2`. So the function can check
   * each event against its tenant's account.
   */
  private admitTenants(): void {
    const accounts = this.parameter('TenantAccounts', {
      type: 'CommaDelimitedList',
      allowedPattern: '^([0-9]{12})?$',
      constraintDescription: 'must be account ids of 12 digits, separated by commas',
      description: 'AWS accounts whose EC2 events are let in; empty for none.',
    });
    const organization = this.parameter('TenantOrganization', {
      allowedPattern: '^(o-[a-z0-9]{10,32})?$',
      constraintDescription: 'must be the id of an organisation, as in o-a1b2c3d4e5',
      description: 'AWS organisation whose accounts are let in; empty for none.',
    });
    this.allow('TenantAccounts', Fn.join('', accounts.valueAsList), { Principal: { AWS: accounts.valueAsList } });
    this.allow('TenantOrganization', organization.valueAsString, {
      Principal: '*',
      Condition: { StringEquals: { 'aws:PrincipalOrgID': organization.valueAsString } },
    });
  }

  private parameter(name: string, props: CfnParameterProps): CfnParameter {
    const parameter = new CfnParameter(this, `${name}Parameter`, { default: '', ...props });
    parameter.overrideLogicalId(name); // the name that operators use
    return parameter;
  }

  /** A parameter that is not given gets no statement: an empty one would be rejected, or would let anybody in. */
  private allow(name: string, given: string, who: Record<string, unknown>): void {
    const policy = new CfnEventBusPolicy(this, `${name}Policy`, {
      eventBusName: this.bus.eventBusName,
      statementId: name,
      statement: { Sid: name, Effect: 'Allow', Action: 'events:PutEvents', Resource: this.bus.eventBusArn, ...who },
    });
    const isGiven = Fn.conditionNot(Fn.conditionEquals(given, ''));
    policy.cfnOptions.condition = new CfnCondition(this, `${name}Given`, { expression: isGiven });
  }
}
