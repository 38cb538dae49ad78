import type { Instance } from '../ec2/ec2.ts';
import { Agent, type Command, triggerOf, zoneOf } from './agent.ts';
import { Stopped } from './agent-process.ts';
import { watchForRebalance, watchForTermination } from './agent-v4-notices.ts';
import { Replicas } from './agent-v4-replicas.ts';
import { hostnameOf, isoformatAware } from './python.ts';

interface ToTerminate {
  readonly instances?: readonly { readonly instance_id: string }[];
  readonly auto_terminate_enabled?: boolean;
}

/** The agent that reports version 4.0.0. */
export class AgentV4 extends Agent {
  readonly #replicas = new Replicas(this);

  protected override registration(): object {
    const { image, market } = this.host;
    const { id, type, az, amiId, mode, privateIp, publicIp } = this.instance;
    return {
      client_token: image.clientToken,
      logical_agent_id: image.logicalAgentId,
      instance_id: id,
      instance_type: type,
      region: market.region,
      az,
      hostname: hostnameOf(privateIp),
      ami_id: amiId,
      mode,
      agent_version: image.version,
      private_ip: privateIp,
      public_ip: publicIp,
    };
  }

  protected override heartbeat(status: 'online' | 'disabled'): object {
    const { id, type, az, mode } = this.instance;
    return { status, monitored_instances: [id], instance_id: id, instance_type: type, mode, az };
  }

  protected override pricingReport(): object {
    const { id, type, az, mode } = this.instance;
    const { region, onDemandPrice } = this.host.market;
    const pools = this.spotPools();
    const [cheapest] = pools.toSorted((a, b) => a.price - b.price);
    const onSpot = mode === 'spot';
    return {
      instance: { instance_id: id, instance_type: type, region, az, mode, pool_id: this.poolIdOf(this.instance) },
      pricing: {
        on_demand_price: onDemandPrice,
        current_spot_price: onSpot ? this.spotPrice(az) : null,
        cheapest_pool: onSpot && cheapest ? { pool_id: cheapest.pool_id, price: cheapest.price } : null,
        spot_pools: pools,
        collected_at: isoformatAware(this.now),
      },
    };
  }

  protected override ownLoops(): (() => Promise<void>)[] {
    const { CLEANUP_INTERVAL = 3600 } = this.host.image.environment;
    return [
      () => this.every('launchingReplicas', 30, () => this.#replicas.launch()),
      () => this.every('terminatedReplicas', 30, () => this.#replicas.terminate()),
      () => this.every('cleanup', CLEANUP_INTERVAL, () => this.#reportCleanup(), 60),
      () => this.every('instancesToTerminate', 60, () => this.#terminateInstances(), 60),
      () => watchForRebalance(this),
      () => watchForTermination(this),
    ];
  }

  protected override async execute(command: Command): Promise<void> {
    if (command.command_type === 'create_replica') {
      const { done, message } = await this.#replicas.create(command);
      return this.#executed(command, done, message);
    }
    if (!command.target_mode) return this.host.log(`command ${command.id} has no target_mode: skipped`);
    const wait = integer(command, 'terminate_wait_seconds');
    const done = await this.attempt('switch', () => this.#switch(command, wait));
    if (!done) this.host.ledger.switchFailed(command.id);
    await this.#executed(command, done, done ? 'Switch completed' : 'Switch failed');
    if (done && wait > 0) this.stop();
  }

  /** With a wait this machine goes before it has reported: SIGTERM arrives while it waits for its own end. */
  async #switch(command: Command, wait: number): Promise<void> {
    const { ec2, ledger, image } = this.host;
    const initiatedAt = this.now;
    ledger.switchStarted({
      agent: image.logicalAgentId,
      commandId: command.id,
      mode: command.target_mode!,
      trigger: triggerOf(command.priority ?? 0),
      startedAt: initiatedAt,
    });
    const launched = this.#launchSuccessor(command);
    const launchedAt = this.now;
    const successor = await this.#untilRunning(launched);
    const readyAt = this.now;
    await this.process.sleep(2);
    const switchedAt = this.now;
    if (wait > 0) {
      await this.process.sleep(wait);
      ec2.terminate(this.instance.id, this.now);
      await this.waitUntil('terminated', this.instance.id);
    }
    const trigger = triggerOf(integer(command, 'priority'));
    await this.call('POST /api/agents/{agent_id}/switch-report', {
      body: {
        old_instance: this.side(this.instance),
        new_instance: this.side(successor, command.target_mode!, command.target_pool_id ?? null),
        snapshot: { used: false },
        prices: this.switchPrices(successor),
        timing: {
          switch_initiated_at: isoformatAware(initiatedAt),
          new_instance_launched_at: isoformatAware(launchedAt),
          new_instance_ready_at: isoformatAware(readyAt),
          traffic_switched_at: isoformatAware(switchedAt),
          ...(wait > 0 && { old_instance_terminated_at: isoformatAware(this.now) }),
        },
        trigger,
      },
    });
  }

  /** Spot without a pool becomes a machine on demand, which the report will call Spot all the same. */
  #launchSuccessor(command: Command): Instance {
    const { target_mode: mode, target_pool_id: pool } = command;
    const onSpot = mode === 'spot' && pool;
    const launched = this.launch({
      mode: onSpot ? 'spot' : 'ondemand',
      az: onSpot ? zoneOf(pool) : this.instance.az,
      cause: { kind: 'command', id: command.id },
    });
    this.host.ledger.switchLaunched(command.id, launched.id);
    return launched;
  }

  async #untilRunning({ id }: Instance): Promise<Instance> {
    try {
      return await this.waitUntil('running', id);
    } catch (error) {
      if (!(error instanceof Stopped)) this.host.ec2.terminate(id, this.now);
      throw error;
    }
  }

  async #executed({ id }: Command, success: boolean, message: string): Promise<void> {
    const params = { command_id: id };
    await this.call('POST /api/agents/{agent_id}/commands/{command_id}/executed', {
      params,
      body: { success, message },
    });
  }

  /** It may be told to terminate its own machine, and then reports that before the machine stops. */
  async #terminateInstances(): Promise<void> {
    const answer = (await this.call('GET /api/agents/{agent_id}/instances-to-terminate')) as ToTerminate | undefined;
    if (!answer?.auto_terminate_enabled) return;
    for (const { instance_id } of answer.instances ?? []) {
      const success = await this.attempt('terminate', async () => this.host.ec2.terminate(instance_id, this.now));
      const result = success
        ? { success, error: null, terminated_at: isoformatAware(this.now) }
        : { success, error: 'TerminateInstances failed', terminated_at: null };
      await this.call('POST /api/agents/{agent_id}/termination-report', { body: { instance_id, ...result } });
    }
  }

  /** The image and its snapshots are the fleet's only ones, and are never old enough. */
  async #reportCleanup(): Promise<void> {
    const cutoff_date = isoformatAware(new Date(this.now.getTime() - 7 * 24 * 3600_000));
    await this.call('POST /api/agents/{agent_id}/cleanup-report', {
      body: {
        timestamp: isoformatAware(this.now),
        snapshots: { type: 'snapshots', deleted: [], failed: [], cutoff_date },
        amis: { type: 'amis', deleted_amis: [], deleted_snapshots: [], failed: [], cutoff_date },
      },
    });
  }
}

/** A number that Python compares with another one: null makes it throw, and where it throws the contract says. */
function integer(command: Command, name: 'terminate_wait_seconds' | 'priority'): number {
  const value = command[name] ?? (name in command ? null : 0);
  if (value === null) throw new TypeError(`'>' not supported between instances of 'NoneType' and 'int' (${name})`);
  return value;
}
