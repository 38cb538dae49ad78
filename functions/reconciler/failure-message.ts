import { roleItself } from '../core/tenant/aws-lookups.ts';
import type { AwsFailure } from './aws.ts';

interface Asked {
  readonly roleArn: string | null;
  /** A region, or `roleItself`. */
  readonly region: string;
}

/** The most characters that the message's column holds. */
const maxLength = 500;

/**
 * What failed and what to do about it, for the tenant: nothing in it is secret or about our own account. The role's
 * name, which may be long, comes last.
 */
export function failureMessage({ code, isPassing }: AwsFailure, { roleArn, region }: Asked): string {
  const message = isPassing ? passing(code, region) : `${toPutRight(code, region)}. The role is ${roleArn}`;
  return message.slice(0, maxLength);
}

/** The service that failed: EC2 in a region, or STS for the role itself. */
export const serviceOf = (region: string) => (region === roleItself ? 'STS' : `EC2 in ${region}`);

const passing = (code: string, region: string) =>
  `${serviceOf(region)} does not respond (${code}). You do not need to do anything`;

function toPutRight(code: string, region: string): string {
  if (region === roleItself)
    return `AWS does not let us assume the role (${code}). Check that it exists, that its trust policy names our account, and that its external id is yours`;
  if (code === 'UnauthorizedOperation')
    return `The role may not describe instances in ${region} (${code}). Allow it ec2:DescribeInstances there; a policy of your organisation may forbid it`;
  return `EC2 in ${region} refuses our calls (${code}). Check that the region is enabled for the account`;
}
