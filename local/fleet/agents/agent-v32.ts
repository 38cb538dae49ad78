import type { Instance } from '../ec2/instance.ts';
import { Agent } from './agent.ts';
import { type Command, triggerOf, zoneOf } from './command.ts';
import { hostnameOf, isoformatZ } from './python.ts';
import { poolIdOf, spotPools, switchPrices, switchSide } from './reported-prices.ts';

/** How long EC2 takes for the snapshot that this version makes before a switch. */
const snapshotSeconds = 60;

/** The agent of version 3.2.0. It handles no replicas and no notices, and its own settings decide about termination. */
export class AgentV32 extends Agent {
  protected override registration(): object {
    const { image, market } = this.context;
    const { id, type, az, amiId, privateIp } = this.instance;
    return {
      client_token: image.clientToken,
      logical_agent_id: image.logicalAgentId,
      instance_id: id,
      instance_type: type,
      region: market.region,
      az,
      hostname: hostnameOf(privateIp),
      ami_id: amiId,
      agent_version: image.version,
    };
  }

  protected override heartbeat(status: 'online' | 'disabled'): object {
    return { status, monitored_instances: [this.instance.id] };
  }

  protected override pricingReport(): object {
    const { id, type, az, mode } = this.instance;
    const { market } = this.context;
    return {
      instance: {
        instance_id: id,
        instance_type: type,
        region: market.region,
        az,
        current_mode: mode,
        current_pool_id: poolIdOf(market, this.instance),
      },
      on_demand_price: { price: market.onDemandPrice },
      spot_pools: spotPools(market, this.now),
    };
  }

  /** Treats every command as a switch, and marks it executed whether or not it worked. */
  protected override async execute(command: Command): Promise<void> {
    const { AUTO_TERMINATE_OLD_INSTANCE: autoTerminate = true } = this.context.image.environment;
    const done = await this.attempt('switch', () => this.#switch(command, autoTerminate));
    if (!done) this.context.ledger.switchFailed(command.id);
    await this.call('POST /api/agents/{agent_id}/mark-command-executed', { body: { command_id: command.id } });
    if (done && autoTerminate) this.stop();
  }

  /** With auto-terminate the instance ends before the report: SIGTERM arrives while the agent waits for `terminated`. */
  async #switch(command: Command, autoTerminate: boolean): Promise<void> {
    const { ec2, ledger, image, market } = this.context;
    const mode = command.target_mode;
    if (!mode) throw new Error(`command ${command.id} has no target_mode`);
    const trigger = triggerOf(command.priority ?? 0);
    const initiatedAt = this.now;
    ledger.switchStarted({
      agent: image.logicalAgentId,
      commandId: command.id,
      mode,
      trigger,
      startedAt: initiatedAt,
    });
    const snapshot = await this.#snapshot();
    const launched = this.#launchSuccessor(command);
    const successor = await this.waitUntil('running', launched.id);
    const readyAt = this.now;
    let terminatedAt: Date | undefined;
    if (autoTerminate) {
      await this.process.sleep(image.environment.TERMINATE_WAIT_TIME ?? 300);
      ec2.terminate(this.instance.id, this.now);
      await this.waitUntil('terminated', this.instance.id);
      terminatedAt = this.now;
    }
    await this.call('POST /api/agents/{agent_id}/switch-report', {
      body: {
        old_instance: switchSide(market, this.instance),
        new_instance: switchSide(market, successor),
        snapshot,
        prices: switchPrices(market, this.instance, successor, this.now),
        timing: {
          switch_initiated_at: isoformatZ(initiatedAt),
          new_instance_ready_at: isoformatZ(readyAt),
          traffic_switched_at: isoformatZ(readyAt),
          old_instance_terminated_at: terminatedAt ? isoformatZ(terminatedAt) : null,
        },
        trigger,
      },
    });
  }

  async #snapshot(): Promise<object> {
    if (!(this.context.image.environment.CREATE_SNAPSHOT_ON_SWITCH ?? true)) return { used: false };
    await this.process.sleep(snapshotSeconds);
    const suffix = this.instance.id.slice(2);
    return { used: true, snapshot_id: `snap-${suffix}`, volume_id: `vol-${suffix}` };
  }

  #launchSuccessor({ id, target_mode: mode, target_pool_id: pool }: Command): Instance {
    const onSpot = mode === 'spot' && pool;
    const launched = this.launch({
      mode: onSpot ? 'spot' : 'ondemand',
      az: onSpot ? zoneOf(pool) : this.instance.az,
      cause: { kind: 'command', id },
    });
    this.context.ledger.switchLaunched(id, launched.id);
    return launched;
  }
}
