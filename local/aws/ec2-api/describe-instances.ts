import { AwsError } from './errors.ts';
import type { Xml } from './xml.ts';

/** An instance as EC2 knows it. */
export interface Ec2Instance {
  readonly id: string;
  readonly state: MachineState;
  readonly type: string;
  readonly az: string;
  readonly launchedAt: Date;
  /** When it ended; EC2 does not always say. */
  readonly endedAt?: Date;
  /** The EC2 status check that fails; none if omitted. */
  readonly failedCheck?: 'instance' | 'system';
}

export type MachineState = keyof typeof stateCodes;

export const stateCodes = { pending: 0, running: 16, 'shutting-down': 32, terminated: 48, stopping: 64, stopped: 80 };

const mostValues = 200;
const mostResults = 1000;

/** The value that each filter compares. EC2 has many more filters, and rejects unknown ones. */
export type Fields<T = Ec2Instance> = Readonly<Record<string, (item: T) => string>>;

const fields: Fields = {
  'instance-id': ({ id }) => id,
  'instance-type': ({ type }) => type,
  'availability-zone': ({ az }) => az,
  'instance-state-name': ({ state }) => state,
};

/**
 * A page of the instances that match all filters. A filter matches if any of its values does.
 * @param pageSize the most that EC2 returns, which may be fewer than were requested
 */
export function describeInstances(
  instances: readonly Ec2Instance[],
  parameters: URLSearchParams,
  pageSize: number,
): Xml {
  const { page, nextToken } = pageOf(instances, fields, parameters, pageSize);
  return {
    reservationSet: page.map((instance) => ({
      reservationId: `r-${instance.id.slice(2)}`,
      instancesSet: [toItem(instance)],
    })),
    nextToken,
  };
}

/** A page of the items that match all filters, and the token of the next page. */
export function pageOf<T>(
  items: readonly T[],
  fields: Fields<T>,
  parameters: URLSearchParams,
  pageSize: number,
): { readonly page: readonly T[]; readonly nextToken: string | undefined } {
  const filters = filtersOf(parameters, fields);
  const matching = items.filter((item) =>
    filters.every(({ name, values }) => values.some((value) => matches(value, fields[name]!(item)))),
  );
  const from = startOf(parameters.get('NextToken'));
  const asked = Number(parameters.get('MaxResults') ?? mostResults);
  if (!(asked >= 5 && asked <= mostResults))
    throw new AwsError('InvalidParameterValue', `Value ( ${asked} ) for parameter maxResults is invalid`);
  const to = from + Math.min(asked, pageSize);
  return {
    page: matching.slice(from, to),
    nextToken: to < matching.length ? Buffer.from(`from ${to}`).toString('base64') : undefined,
  };
}

const toItem = ({ id, state, type, az, launchedAt, endedAt }: Ec2Instance): Xml => ({
  instanceId: id,
  instanceState: { code: stateCodes[state], name: state },
  instanceType: type,
  launchTime: launchedAt.toISOString(),
  placement: { availabilityZone: az },
  reason: endedAt && `User initiated (${endedAt.toISOString().slice(0, 19).replace('T', ' ')} GMT)`,
});

function filtersOf(parameters: URLSearchParams, fields: Fields<never>) {
  const filters = new Map<string, { name: string; values: string[] }>();
  for (const [key, value] of parameters) {
    const [, number, part] = /^Filter\.(\d+)\.(Name|Value\.\d+)$/.exec(key) ?? [];
    if (!number) continue;
    const filter = filters.get(number) ?? { name: '', values: [] };
    filters.set(
      number,
      part === 'Name' ? { ...filter, name: value } : { ...filter, values: [...filter.values, value] },
    );
  }
  const all = [...filters.values()];
  for (const { name } of all)
    if (!(name in fields)) throw new AwsError('InvalidParameterValue', `The filter '${name}' is invalid`);
  if (all.reduce((sum, { values }) => sum + values.length, 0) > mostValues)
    throw new AwsError('FilterLimitExceeded', `The maximum number of filter values is ${mostValues}`);
  return all;
}

/** In a filter's value `*` stands for any text and `?` for any character. */
function matches(value: string, text: string): boolean {
  const pattern = value
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${pattern}$`).test(text);
}

function startOf(token: string | null): number {
  if (token === null) return 0;
  const [, from] = /^from (\d+)$/.exec(Buffer.from(token, 'base64').toString()) ?? [];
  if (from === undefined) throw new AwsError('InvalidNextToken', 'The token is invalid');
  return Number(from);
}
