import type { Instance } from '../ec2/ec2.ts';
import { Agent, type Command, triggerOf, zoneOf } from './agent.ts';
import { hostnameOf, isoformatZ } from './python.ts';

/** How long EC2 takes for the snapshot that this version makes first. */
const snapshotSeconds = 60;

/** The agent that reports version 3.2.0: no replicas, no notices, and a mind of its own about terminating. */
export class AgentV32 extends Agent {
  protected override registration(): object {
    const { image, market } = this.host;
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
    const { region, onDemandPrice } = this.host.market;
    return {
      instance: {
        instance_id: id,
        instance_type: type,
        region,
        az,
        current_mode: mode,
        current_pool_id: this.poolIdOf(this.instance),
      },
      on_demand_price: { price: onDemandPrice },
      spot_pools: this.spotPools(),
    };
  }

  /** Takes whatever it is sent for a switch, and says executed whether or not it worked. */
  protected override async execute(command: Command): Promise<void> {
    const { AUTO_TERMINATE_OLD_INSTANCE: autoTerminate = true } = this.host.image.environment;
    const done = await this.attempt('switch', () => this.#switch(command, autoTerminate));
    if (!done) this.host.ledger.switchFailed(command.id);
    await this.call('POST /api/agents/{agent_id}/mark-command-executed', { body: { command_id: command.id } });
    if (done && autoTerminate) this.stop();
  }

  /** With auto-terminate this machine goes before it has reported: SIGTERM arrives while it waits for its own end. */
  async #switch(command: Command, autoTerminate: boolean): Promise<void> {
    const { ec2, ledger, image } = this.host;
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
        old_instance: this.side(this.instance),
        new_instance: this.side(successor),
        snapshot,
        prices: this.switchPrices(successor),
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
    if (!(this.host.image.environment.CREATE_SNAPSHOT_ON_SWITCH ?? true)) return { used: false };
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
    this.host.ledger.switchLaunched(id, launched.id);
    return launched;
  }
}
