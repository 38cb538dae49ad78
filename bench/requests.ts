/** An instance whose agent has registered. */
export interface Instance {
  readonly facts: {
    readonly instance_id: string;
    readonly instance_type: string;
    readonly region: string;
    readonly az: string;
  };
  /** The handle that its agent uses in requests. */
  readonly handle: string;
}

export interface Request {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
}

const zones = [...'abcdefghij'].map((letter) => `us-east-1${letter}`);

export const factsOf = (instanceId: string): Instance['facts'] => ({
  instance_id: instanceId,
  instance_type: 'm5.large',
  region: 'us-east-1',
  az: zones[0]!,
});

export const registration = (instanceId: string): Request => ({
  method: 'POST',
  path: '/api/agents/register',
  body: { ...factsOf(instanceId), logical_agent_id: instanceId, mode: 'spot' },
});

const onDemandPrice = 0.096;
const spotPrice = 0.03;

const spotPools = zones.map((az, i) => ({
  pool_id: `m5.large.${az}`,
  instance_type: 'm5.large',
  az,
  price: spotPrice + i / 1000,
}));

/**
 * An instance's n-th request of each kind: those that agents send all day, and `decide`, which no known agent calls.
 * `health` reads nothing, and is the others' baseline.
 */
const requests = {
  health: () => ({ method: 'GET', path: '/health' }),
  heartbeat: ({ facts, handle }) => ({
    method: 'POST',
    path: `/api/agents/${handle}/heartbeat`,
    body: { status: 'online', monitored_instances: [], ...facts, mode: 'spot' },
  }),
  'pending-commands': ({ handle }) => ({ method: 'GET', path: `/api/agents/${handle}/pending-commands` }),
  config: ({ handle }) => ({ method: 'GET', path: `/api/agents/${handle}/config` }),
  'replicas-launching': ({ handle }) => ({ method: 'GET', path: `/api/agents/${handle}/replicas?status=launching` }),
  'replicas-terminated': ({ handle }) => ({ method: 'GET', path: `/api/agents/${handle}/replicas?status=terminated` }),
  'pricing-report': ({ facts, handle }, n) => ({
    method: 'POST',
    path: `/api/agents/${handle}/pricing-report`,
    body: {
      instance: { ...facts, mode: 'spot', pool_id: `m5.large.${facts.az}` },
      pricing: {
        on_demand_price: onDemandPrice,
        current_spot_price: spotPrice,
        cheapest_pool: null,
        spot_pools: spotPools,
        // Five minutes apart, as agents send them, so that each report is newer than the last.
        collected_at: new Date(Date.UTC(2000, 0, 1) + n * 300_000).toISOString(),
      },
    },
  }),
  decide: ({ facts: { az, ...facts }, handle }) => ({
    method: 'POST',
    path: `/api/agents/${handle}/decide`,
    body: {
      instance: { ...facts, current_mode: 'spot', current_pool_id: `m5.large.${az}` },
      pricing: { on_demand_price: onDemandPrice, current_spot_price: spotPrice, spot_pools: spotPools },
    },
  }),
  /** Registers a new agent each time. */
  register: ({ facts }, n) => registration(`${facts.instance_id}-${n}`),
} as const satisfies Record<string, (instance: Instance, n: number) => Request>;

export type RequestName = keyof typeof requests;
export const requestNames = Object.keys(requests) as RequestName[];

export const requestOf: Readonly<Record<RequestName, (instance: Instance, n: number) => Request>> = requests;
