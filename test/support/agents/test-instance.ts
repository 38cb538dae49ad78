import { randomBytes } from 'node:crypto';
import type { Answer, Api, Tenant } from '../rig/api.ts';
import type { InstanceFacts } from './facts.ts';
import { StandbyCalls } from './standby-calls.ts';

const randomId = (prefix: string) => `${prefix}${randomBytes(8).toString('hex')}`;

/**
 * An EC2 instance with an agent that speaks HTTP. It knows the facts of its instance and the handle that it was given.
 */
export class TestInstance extends StandbyCalls {
  readonly facts: InstanceFacts;
  /** The handle that register returned; before that, what an agent without one sends. */
  handle = 'None';

  constructor(api: Api, tenant: Tenant, facts: Partial<InstanceFacts>) {
    super(api, tenant);
    this.facts = {
      instanceId: randomId('i-'),
      logicalId: randomId('agent-'),
      type: 'm5.large',
      region: 'us-east-1',
      az: 'us-east-1a',
      mode: 'ondemand',
      version: '4.0.0',
      ...facts,
    };
  }

  get id(): string {
    return this.facts.instanceId;
  }
  get agentId(): string {
    return this.handle.split('~')[0]!;
  }
  get pool() {
    return this.facts.mode === 'spot' ? `${this.facts.type}.${this.facts.az}` : null;
  }
  get isV3() {
    return this.facts.version.startsWith('3.');
  }

  /** Another instance for the same logical agent, as a switch launches it. */
  successor(facts: Partial<InstanceFacts> = {}): TestInstance {
    return new TestInstance(this.api, this.tenant, { ...this.facts, instanceId: randomId('i-'), ...facts });
  }

  request(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.api.request(method, `/api/agents/${this.handle}${path}`, { token: this.tenant.token, body });
  }

  async register(extra: Record<string, unknown> = {}) {
    const { instanceId, logicalId, type, region, az, mode, version } = this.facts;
    const answer = await this.api.request('POST', '/api/agents/register', {
      token: this.tenant.token,
      body: {
        client_token: this.tenant.token,
        logical_agent_id: logicalId,
        instance_id: instanceId,
        instance_type: type,
        region,
        az,
        hostname: `host-${instanceId}`,
        ami_id: 'ami-1',
        agent_version: version,
        ...(!this.isV3 && { mode, private_ip: '10.0.0.1', public_ip: null }),
        ...extra,
      },
    });
    if (answer.status === 200) this.handle = answer.body.agent_id;
    return answer;
  }

  heartbeat(status = 'online') {
    const { instanceId, type, az, mode } = this.facts;
    const own = this.isV3 ? {} : { instance_id: instanceId, instance_type: type, mode, az };
    return this.request('POST', '/heartbeat', { status, monitored_instances: [instanceId], ...own });
  }

  /** A merged heartbeat of an agent that knows version 1 of its settings. */
  merged(extra: Record<string, unknown> = {}) {
    const { instanceId, type, az, mode } = this.facts;
    const own = { monitored_instances: [instanceId], instance_id: instanceId, instance_type: type, mode, az };
    return this.request('POST', '/heartbeat', {
      status: 'online',
      ...own,
      accepts: ['merged'],
      config_version: 1,
      ...extra,
    });
  }

  config() {
    return this.request('GET', '/config');
  }

  /** Replaces the price overlays of its tenant. */
  setPriceOverlays(overlays: unknown) {
    const { id, token } = this.tenant;
    return this.api.request('PUT', `/api/client/${id}/price-overlays`, { token, body: { overlays } });
  }

  pendingCommands() {
    return this.request('GET', '/pending-commands');
  }

  executed(commandId: string, body: Record<string, unknown> = { success: true, message: 'Switch completed' }) {
    return this.isV3
      ? this.request('POST', '/mark-command-executed', { command_id: commandId })
      : this.request('POST', `/commands/${commandId}/executed`, body);
  }

  /** Reports spot prices by zone, in USD per hour, in the format of this agent's version. */
  report(onDemand: number, zones: Record<string, number>, collectedAt = this.api.clock.now()) {
    const { instanceId, type, region, az, mode } = this.facts;
    const pools = Object.entries(zones).map(([zone, price]) => ({
      pool_id: `${type}.${zone}`,
      instance_type: type,
      az: zone,
      price,
    }));
    const instance = { instance_id: instanceId, instance_type: type, region, az };
    if (this.isV3)
      return this.request('POST', '/pricing-report', {
        instance: { ...instance, current_mode: mode, current_pool_id: this.pool },
        on_demand_price: { price: onDemand },
        spot_pools: pools,
      });
    return this.request('POST', '/pricing-report', {
      instance: { ...instance, mode, pool_id: this.pool },
      pricing: {
        on_demand_price: onDemand,
        current_spot_price: this.pool ? (zones[az] ?? null) : null,
        cheapest_pool: null,
        spot_pools: pools,
        collected_at: collectedAt.toISOString().replace('Z', '+00:00'),
      },
    });
  }

  /** Reports that the workload moved from this instance to `next`. */
  switchReport(next: TestInstance, { terminated = false, prices = {}, ...extra }: SwitchReportOptions = {}) {
    const at = (seconds: number) => this.inSeconds(seconds);
    const side = (instance: TestInstance) => ({
      instance_id: instance.id,
      instance_type: instance.facts.type,
      region: instance.facts.region,
      az: instance.facts.az,
      ami_id: 'ami-1',
      mode: instance.facts.mode,
      pool_id: instance.pool,
    });
    return this.request('POST', '/switch-report', {
      old_instance: side(this),
      new_instance: side(next),
      snapshot: { used: false },
      prices: prices && { on_demand: 0.096, ...prices },
      timing: {
        switch_initiated_at: at(-40),
        new_instance_launched_at: at(-38),
        new_instance_ready_at: at(-3),
        traffic_switched_at: at(-3),
        ...(terminated && { old_instance_terminated_at: at(0) }),
      },
      trigger: 'model',
      ...extra,
    });
  }

  /** Queues a switch to a pool, or to on-demand for `null`, as a console or script would. */
  queueSwitch(pool: string | null, extra: Record<string, unknown> = {}) {
    const target = pool === null ? { target_mode: 'ondemand' } : { target_mode: 'spot', target_pool_id: pool };
    return this.request('POST', '/issue-switch-command', { ...target, ...extra });
  }

  instancesToTerminate() {
    return this.request('GET', '/instances-to-terminate');
  }

  terminationReport(instanceId: string, success = true) {
    return this.request('POST', '/termination-report', {
      instance_id: instanceId,
      success,
      error: success ? null : 'UnauthorizedOperation',
      terminated_at: success ? this.api.clock.now().toISOString() : null,
    });
  }
}

export interface SwitchReportOptions {
  readonly terminated?: boolean;
  /** `null` sends none, for reports that have them under other keys. */
  readonly prices?: { on_demand?: number; old_spot?: number; new_spot?: number } | null;
  readonly [extra: string]: unknown;
}
