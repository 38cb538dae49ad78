import type { AwsFailure } from './aws.ts';

/** What stands for a region where it is the role that could not be taken on, which comes before any region. */
export const roleItself = 'role';

interface Asked {
  readonly roleArn: string | null;
  /** Or `roleItself`. */
  readonly region: string;
}

/** The column that keeps the words holds this many characters. */
const most = 500;

/**
 * What failed and what to do about it, for the tenant: nothing in it is secret or of our own account. The role, which may
 * be long, comes last.
 */
export function failureInWords({ code, isPassing }: AwsFailure, { roleArn, region }: Asked): string {
  const words = isPassing ? passing(code, region) : `${toPutRight(code, region)}. The role is ${roleArn}`;
  return words.slice(0, most);
}

const passing = (code: string, region: string) =>
  `${region === roleItself ? 'STS' : `EC2 in ${region}`} does not answer (${code}). Nothing has to be done`;

function toPutRight(code: string, region: string): string {
  if (region === roleItself)
    return `AWS does not let us take on the role (${code}). See that it is there, that its trust policy names our account, and that the external id in it is this tenant's`;
  if (code === 'UnauthorizedOperation')
    return `The role may not describe machines in ${region} (${code}). Allow it ec2:DescribeInstances there; a policy of the organisation may be what forbids it`;
  return `EC2 in ${region} refuses us (${code}). See that the region is enabled for the account`;
}
