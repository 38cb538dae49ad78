import type { Instance } from '../ec2/instance.ts';
import { Agent } from './agent.ts';
import { Stopped } from './agent-process.ts';
import { watchForRebalance, watchForTermination } from './agent-v4-notices.ts';
import { Replicas } from './agent-v4-replicas.ts';
import { type Command, triggerOf, zoneOf } from './command.ts';
import { hostnameOf, isoformatAware } from './python.ts';
import { poolIdOf, spotPools, spotPrice, switchPrices, switchSide } from './reported-prices.ts';

interface ToTerminate {
  readonly instances?: readonly { readonly instance_id: string }[];
  readonly auto_terminate_enabled?: boolean;
}

/** The agent of version 4.0.0. */
export class AgentV4 extends Agent {
  protected readonly replicas = new Replicas(this);

  protected override registration(): object {
    const { image, market } = this.context;
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
    const { market } = this.context;
    const pools = spotPools(market, this.now);
    const [cheapest] = pools.toSorted((a, b) => a.price - b.price);
    const onSpot = mode === 'spot';
    return {
      instance: {
        instance_id: id,
        instance_type: type,
        region: market.region,
        az,
        mode,
        pool_id: poolIdOf(market, this.instance),
      },
      pricing: {
        on_demand_price: market.onDemandPrice,
        current_spot_price: onSpot ? spotPrice(market, az, this.now) : null,
        cheapest_pool: onSpot && cheapest ? { pool_id: cheapest.pool_id, price: cheapest.price } : null,
        spot_pools: pools,
        collected_at: isoformatAware(this.now),
      },
    };
  }

  protected override ownLoops(): (() => Promise<void>)[] {
    return [
      () => this.every('launchingReplicas', () => this.replicas.launch()),
      () => this.every('terminatedReplicas', () => this.replicas.terminate()),
      () => this.every('cleanup', () => this.reportCleanup(), 60),
      () => this.every('instancesToTerminate', () => this.#terminateInstances(), 60),
      () => watchForRebalance(this),
      () => watchForTermination(this),
    ];
  }

  protected override async execute(command: Command): Promise<void> {
    if (command.command_type === 'create_replica') {
      const { done, message } = await this.replicas.create(command);
      return this.#executed(command, done, message);
    }
    if (!command.target_mode) return this.context.log(`command ${command.id} has no target_mode: skipped`);
    const wait = integer(command, 'terminate_wait_seconds');
    let why: unknown;
    const done = await this.attempt('switch', () =>
      this.#switch(command, wait).catch((error) => {
        why = error;
        throw error;
      }),
    );
    if (!done) this.context.ledger.switchFailed(command.id);
    await this.#executed(command, done, done ? 'Switch completed' : this.switchFailed(why));
    if (done && wait > 0) this.stop();
  }

  /** The message that reports a failed switch. */
  protected switchFailed(_why: unknown): string {
    return 'Switch failed';
  }

  /** With a wait the instance ends before the report: SIGTERM arrives while the agent waits for `terminated`. */
  async #switch(command: Command, wait: number): Promise<void> {
    const { ec2, ledger, image, market } = this.context;
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
        old_instance: switchSide(market, this.instance),
        new_instance: switchSide(market, successor, command.target_mode!, command.target_pool_id ?? null),
        snapshot: { used: false },
        prices: switchPrices(market, this.instance, successor, this.now),
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

  /** For Spot without a pool it launches an on-demand instance, which the report then calls Spot. */
  #launchSuccessor(command: Command): Instance {
    const { target_mode: mode, target_pool_id: pool } = command;
    const onSpot = mode === 'spot' && pool;
    const launched = this.launch({
      mode: onSpot ? 'spot' : 'ondemand',
      az: onSpot ? zoneOf(pool) : this.instance.az,
      cause: { kind: 'command', id: command.id },
    });
    this.context.ledger.switchLaunched(command.id, launched.id);
    return launched;
  }

  async #untilRunning({ id }: Instance): Promise<Instance> {
    try {
      return await this.waitUntil('running', id);
    } catch (error) {
      if (!(error instanceof Stopped)) this.context.ec2.terminate(id, this.now);
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

  /** An agent may be told to terminate its own instance. It reports that before the instance stops. */
  async #terminateInstances(): Promise<void> {
    const answer = (await this.call('GET /api/agents/{agent_id}/instances-to-terminate')) as ToTerminate | undefined;
    if (answer?.auto_terminate_enabled) await this.terminateAll(answer.instances ?? []);
  }

  protected async terminateAll(instances: readonly { readonly instance_id: string }[]): Promise<void> {
    for (const { instance_id } of instances) {
      const success = await this.attempt('terminate', async () => this.context.ec2.terminate(instance_id, this.now));
      const result = success
        ? { success, error: null, terminated_at: isoformatAware(this.now) }
        : { success, error: 'TerminateInstances failed', terminated_at: null };
      await this.call('POST /api/agents/{agent_id}/termination-report', { body: { instance_id, ...result } });
    }
  }

  /** Nothing is ever old enough to be deleted: the fleet has one image, and its snapshots belong to it. */
  protected async reportCleanup(): Promise<void> {
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

/** A number that the agent's Python code compares. Null throws there, so it throws here; absent means 0. */
function integer(command: Command, name: 'terminate_wait_seconds' | 'priority'): number {
  const value = command[name] ?? (name in command ? null : 0);
  if (value === null) throw new TypeError(`'>' not supported between instances of 'NoneType' and 'int' (${name})`);
  return value;
}
