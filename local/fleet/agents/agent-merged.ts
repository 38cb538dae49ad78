import type { Config } from './agent.ts';
import { Stopped } from './agent-process.ts';
import { AgentV4 } from './agent-v4.ts';
import type { Replica } from './agent-v4-replicas.ts';
import type { Command } from './command.ts';
import { type Loop, mergedLoops } from './loops.ts';

/** What the response to a heartbeat carries. */
interface Merged {
  readonly commands: readonly Command[];
  readonly replicas: readonly Replica[];
  readonly instances: readonly { readonly instance_id: string }[];
  readonly config_version: number;
  readonly config?: Config;
  readonly report_prices: boolean;
  readonly next_seconds: number;
}

/** The loops whose calls the response replaces. */
const answered: readonly Loop[] = [
  'pendingCommands',
  'config',
  'launchingReplicas',
  'terminatedReplicas',
  'instancesToTerminate',
];

/** Heartbeat interval until a response sets one, and after a heartbeat without a response, seconds. */
const ownBeatSeconds = 30;

/** What it calls less often than version 4, seconds: prices that other agents report too, and its clean-up. */
const seldom: Partial<Record<Loop, number>> = { pricing: mergedLoops.pricing, cleanup: mergedLoops.cleanup };

/**
 * The agent of version 4.1.0, which is not in the field. It is version 4, except that the response to its heartbeat
 * carries what other agents poll for (protocol 6.7). With a server that does not support this, it acts like 4.0.0.
 */
export class AgentMerged extends AgentV4 {
  /** Whether the response to the last heartbeat carried everything else. */
  #isMerged = false;
  #nextSeconds = ownBeatSeconds;
  #configVersion: number | undefined;
  #reportsPrices = true;
  #isTerminating = false;
  readonly #lastCalls = new Map<Loop, number>();

  protected override switchFailed(why: unknown): string {
    return `Switch failed: ${(why as Error).message}`;
  }

  protected override calls(loop: Loop): boolean {
    if (answered.includes(loop)) return !this.#isMerged;
    const seconds = loop === 'pricing' && this.#reportsPrices ? undefined : seldom[loop];
    const now = this.now.getTime();
    // Checked at the loop's own interval: without the slack, a run that comes a second early would be skipped.
    const isDue = seconds === undefined || now - (this.#lastCalls.get(loop) ?? 0) >= (seconds - 60) * 1000;
    if (isDue) this.#lastCalls.set(loop, now);
    return isDue;
  }

  protected override async beats(): Promise<void> {
    for (;;) {
      this.#nextSeconds = ownBeatSeconds;
      if (!(await this.attempt('heartbeat', () => this.#beat()))) this.#isMerged = false;
      // Woken early: what the agent has just reported has to arrive and take effect first.
      if (await this.process.nap(this.restOf('heartbeat', this.#nextSeconds))) await this.process.sleep(1);
    }
  }

  override expectNews(): void {
    this.process.endNaps();
  }

  override markBusy(): void {
    super.markBusy();
    if (this.context.image.cadence.kind === 'coarse') this.process.endNaps();
  }

  protected override apply(config: Config | undefined): void {
    super.apply(config);
    this.#configVersion = config?.config_version ?? this.#configVersion;
  }

  async #beat(): Promise<void> {
    const body = { ...this.beat(), accepts: ['merged'], config_version: this.#configVersion };
    const answer = await this.call('POST /api/agents/{agent_id}/heartbeat', { body });
    const { merged } = (answer ?? {}) as { merged?: Merged };
    this.#isMerged = merged !== undefined;
    if (!merged) return;
    this.#nextSeconds = merged.next_seconds;
    if (merged.config) this.apply(merged.config);
    if (merged.report_prices && !this.#reportsPrices) this.#lastCalls.delete('pricing');
    this.#reportsPrices = merged.report_prices;
    for (const command of merged.commands) this.#beside(() => this.carryOut(command));
    if (merged.replicas.length > 0) this.#beside(() => this.replicas.launchAll(merged.replicas));
    if (merged.instances.length > 0) this.#terminate(merged.instances);
  }

  /** An instance is listed until it is confirmed gone, so one termination at a time is enough. */
  #terminate(instances: Merged['instances']): void {
    if (this.#isTerminating) return;
    this.#isTerminating = true;
    this.#beside(
      () => this.terminateAll(instances),
      () => {
        this.#isTerminating = false;
      },
    );
  }

  /** Runs work that takes minutes while the heartbeats go on. When it is done, the control plane may have news. */
  #beside(run: () => Promise<void>, done = () => {}): void {
    this.context.simulation.spawn(async () => {
      try {
        await this.attempt('work', run);
        this.expectNews();
      } catch (error) {
        if (!(error instanceof Stopped)) throw error;
      } finally {
        done();
      }
    });
  }
}
