import {
  type DescribeInstancesCommandOutput,
  EC2Client,
  EC2ServiceException,
  paginateDescribeInstanceStatus,
  paginateDescribeInstances,
} from '@aws-sdk/client-ec2';
import { PricingServiceException } from '@aws-sdk/client-pricing';
import { AssumeRoleCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import type { SeenInstance } from './verdict.ts';

/** A call without a response fails after eight seconds at most, so that a run ends within its two minutes. */
export const patience = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 4_000, throwOnRequestTimeout: true },
};

/** Whatever the tenant's role allows, our session may do only this. */
const sessionPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['ec2:DescribeInstances', 'ec2:DescribeInstanceStatus', 'ec2:GetCapacityManagerMetricData'],
      Resource: '*',
    },
  ],
});

const sts = new STSClient(patience);

/** Why an AWS call failed. AWS's own message is left out: it names our role, and may be shown to the tenant. */
export class AwsFailure extends Error {
  override readonly name = 'AwsFailure';
  /** AWS's error code, as in `UnauthorizedOperation`. */
  readonly code: string;
  /** Whether it passes by itself: a throttle, a fault of AWS, no response. Somebody has to fix anything else. */
  readonly isPassing: boolean;

  constructor(code: string, isPassing: boolean, options?: ErrorOptions) {
    super(code, options);
    this.code = code;
    this.isPassing = isPassing;
  }
}

export type Credentials = Awaited<ReturnType<typeof assumeRole>>;

/**
 * Assumes a tenant's role for a quarter of an hour.
 * @throws AwsFailure
 */
export function assumeRole(roleArn: string, externalId: string) {
  return reachAws(async () => {
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: roleArn,
        RoleSessionName: 'spot-optimizer',
        ExternalId: externalId,
        DurationSeconds: 900,
        Policy: sessionPolicy,
      }),
    );
    return {
      accessKeyId: Credentials!.AccessKeyId!,
      secretAccessKey: Credentials!.SecretAccessKey!,
      sessionToken: Credentials!.SessionToken!,
    };
  });
}

export const openEc2 = (region: string, credentials: Credentials) =>
  new EC2Client({ ...patience, region, credentials });

/** An instance found by its attributes, not by its id. */
export interface FoundInstance extends SeenInstance {
  readonly launchedAt: Date;
}

/**
 * The instances that match all filters, from all pages. Ids are passed as a filter too: a call with explicit ids fails
 * as soon as EC2 does not know one of them.
 * @param filters values by name, at most 200 in all
 * @throws AwsFailure
 */
export function describeInstances(
  ec2: EC2Client,
  filters: Record<string, readonly string[]>,
): Promise<FoundInstance[]> {
  const Filters = Object.entries(filters).map(([Name, values]) => ({ Name, Values: [...values] }));
  return reachAws(async () => {
    const found: FoundInstance[] = [];
    for await (const page of paginateDescribeInstances({ client: ec2 }, { Filters, MaxResults: 1000 }))
      for (const { InstanceId, State, LaunchTime, StateTransitionReason } of instancesOf(page))
        if (InstanceId && State?.Name)
          found.push({
            id: InstanceId,
            state: State.Name,
            launchedAt: LaunchTime ?? new Date(0),
            endedAt: timeIn(StateTransitionReason),
          });
    return found;
  });
}

/**
 * The running instances that fail EC2's instance or system status checks, from all pages. None if the tenant's role
 * does not allow the call: that permission is optional.
 * @throws AwsFailure
 */
export function failingInstances(ec2: EC2Client): Promise<ReadonlySet<string>> {
  const failing = async (check: string) => {
    const Filters = [{ Name: `${check}-status.status`, Values: ['impaired'] }];
    const found: string[] = [];
    for await (const page of paginateDescribeInstanceStatus({ client: ec2 }, { Filters, MaxResults: 1000 }))
      for (const { InstanceId } of page.InstanceStatuses ?? []) if (InstanceId) found.push(InstanceId);
    return found;
  };
  return reachAws(async () => {
    try {
      return new Set([...(await failing('instance')), ...(await failing('system'))]);
    } catch (error) {
      if (error instanceof EC2ServiceException && error.name === 'UnauthorizedOperation') return new Set<string>();
      throw error;
    }
  });
}

const instancesOf = ({ Reservations }: DescribeInstancesCommandOutput) =>
  (Reservations ?? []).flatMap(({ Instances }) => Instances ?? []);

/** EC2 gives the end of an instance as `User initiated (2026-03-02 00:10:00 GMT)`, and sometimes not at all. */
function timeIn(reason: string | undefined): Date | undefined {
  const [, day, time] = /\((\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) GMT\)/.exec(reason ?? '') ?? [];
  return day ? new Date(`${day}T${time}Z`) : undefined;
}

/** @throws AwsFailure for any failure on the way to AWS, and for its refusals */
export async function reachAws<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toAwsFailure(error);
  }
}

const throttles = /^(Throttl|RequestLimitExceeded$|RequestThrottled|TooManyRequests)/;

const isAnswer = (error: unknown) =>
  error instanceof EC2ServiceException ||
  error instanceof STSServiceException ||
  error instanceof PricingServiceException;

export const isThrottle = ({ name }: Error) => throttles.test(name);

/** An error that is not a service's never reached the service or never came back: a socket, a timeout, a DNS name. */
function toAwsFailure(error: unknown): AwsFailure {
  const { name, code } = error as { name?: string; code?: unknown };
  if (!isAnswer(error)) return new AwsFailure(word(code ?? name), true, { cause: error });
  const isPassing = (error.$metadata.httpStatusCode ?? 500) >= 500 || isThrottle(error);
  return new AwsFailure(word(error.name), isPassing, { cause: error });
}

const word = (code: unknown) =>
  String(code)
    .replaceAll(/[^\w.]/g, '')
    .slice(0, 64) || 'unknown';
