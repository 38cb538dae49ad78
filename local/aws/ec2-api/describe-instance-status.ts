import { type Ec2Instance, type Fields, pageOf, stateCodes } from './describe-instances.ts';
import type { Xml } from './xml.ts';

const checkOf = (instance: Ec2Instance, check: 'instance' | 'system') =>
  instance.failedCheck === check ? 'impaired' : 'ok';

/** This action has no filter by id; a call that names ids fails as soon as one of them is unknown. */
const fields: Fields = {
  'availability-zone': ({ az }) => az,
  'instance-state-name': ({ state }) => state,
  'instance-status.status': (instance) => checkOf(instance, 'instance'),
  'system-status.status': (instance) => checkOf(instance, 'system'),
};

/** A page of the status checks of the running instances that match all filters. */
export function describeInstanceStatus(
  instances: readonly Ec2Instance[],
  parameters: URLSearchParams,
  pageSize: number,
): Xml {
  const running = instances.filter(({ state }) => state === 'running');
  const { page, nextToken } = pageOf(running, fields, parameters, pageSize);
  return {
    instanceStatusSet: page.map((instance) => ({
      instanceId: instance.id,
      availabilityZone: instance.az,
      instanceState: { code: stateCodes[instance.state], name: instance.state },
      instanceStatus: { status: checkOf(instance, 'instance') },
      systemStatus: { status: checkOf(instance, 'system') },
    })),
    nextToken,
  };
}
