import type { EventKind } from '../ec2/ec2-events.ts';
import { EventBridge } from '../ec2/event-bridge.ts';
import type { Instance } from '../ec2/instance.ts';
import { recordedInterruptions } from '../ec2/recorded-interruptions.ts';
import { type InterruptionSummary, summarizeInterruptions } from '../report/interruption-summary.ts';
import { checkForLeaks } from '../report/leak-check.ts';
import { AutoRecovery } from './auto-recovery.ts';
import { FaultPlan } from './fault-plan.ts';
import type { Fleet } from './fleet.ts';
import { PrimaryObserver } from './primary-observer.ts';
import type { RunSetup } from './run-setup.ts';
import type { Simulation } from './simulation.ts';

const leakCheckMs = 6 * 3600_000;

/** What a run with interruptions adds: the recorded interruptions, other faults, auto recovery, and checks from outside. */
export class InterruptionRun {
  readonly #setup: RunSetup;
  readonly #simulation: Simulation;
  readonly #faults: FaultPlan;
  readonly #observer: PrimaryObserver;
  readonly #autoRecovery: AutoRecovery;
  /** Undefined when EC2's events are not forwarded. */
  readonly #eventBridge: EventBridge | undefined;
  readonly #orphans = new Set<string>();
  #orphanChecks = 0;
  #signals: ReadonlyMap<string, number> = new Map();
  #checkedAt: number;
  #fleet: Fleet | undefined;

  constructor(setup: RunSetup, simulation: Simulation) {
    const { options, market, url, tenant, query, postEvents: post, log } = setup;
    this.#setup = setup;
    this.#simulation = simulation;
    this.#checkedAt = setup.start.getTime();
    this.#faults = new FaultPlan(options, setup);
    this.#observer = new PrimaryObserver({ simulation, query, clientId: tenant.id, url, token: tenant.token, log });
    this.#autoRecovery = new AutoRecovery({
      simulation,
      observer: this.#observer,
      afterSeconds: options.autoRecoverySeconds,
    });
    const account = { id: tenant.awsAccountId, region: market.region };
    const onDelivery = (instance: Instance, kind: EventKind) => this.#eventDelivered(instance, kind);
    if (options.events)
      this.#eventBridge = new EventBridge({ simulation, account, post, faults: this.#faults, onDelivery });
  }

  get fleetOptions() {
    return {
      ...recordedInterruptions(this.#setup.market, this.#setup.options),
      faults: this.#faults,
      eventBridge: this.#eventBridge,
      onAnswer: this.#observer.answered.bind(this.#observer),
      onSilence: (agent: string) => this.#autoRecovery.agentWentSilent(this.#fleet!, agent),
    };
  }

  get primaryChanges() {
    return this.#observer.primaryChanges;
  }

  attach(fleet: Fleet): void {
    this.#fleet = fleet;
    this.#observer.attach(fleet);
  }

  async onMinute(now: Date): Promise<void> {
    await this.#observer.onMinute(now);
    if (now.getTime() - this.#checkedAt >= leakCheckMs) await this.#checkOrphans(now);
  }

  async finish(): Promise<void> {
    await this.#observer.observe();
    this.#signals = await this.#observer.signals();
    await this.#checkOrphans(this.#simulation.now);
  }

  /** Summarizes the run, and logs each failover. */
  summary(now: Date): InterruptionSummary {
    const { options, market, log, deadLetters } = this.#setup;
    const fleet = this.#fleet!;
    const summary = summarizeInterruptions(
      fleet,
      {
        observer: this.#observer,
        autoRecovery: this.#autoRecovery,
        outages: this.#faults.outages,
        events: this.#eventBridge && { ...this.#eventBridge.counts, deadLetters: deadLetters.length },
        orphans: this.#orphans,
        orphanChecks: this.#orphanChecks,
        signals: this.#signals,
      },
      { market, launchSeconds: options.launchSeconds, end: now },
    );
    for (const { noticeAt, agent, instanceId, path, seconds } of summary.failovers) {
      const sources = fleet.ledger.noticeSources.get(instanceId)?.join(', then ') ?? 'nobody';
      log(
        `${noticeAt.toISOString()} ${agent} ${instanceId} interrupted: ${path}, ${seconds ?? '?'} s after the notice; ` +
          `notice received from ${sources}`,
      );
    }
    return summary;
  }

  get notes(): string[] {
    const { options } = this.#setup;
    const { rebalanceShare, autoRecoverySeconds, launchSeconds, noticeSeconds, seed } = options;
    return [
      `Interruptions as recorded: a pool whose count drops to 0 loses all Spot instances, ${noticeSeconds} s after their notice.`,
      rebalanceShare === 0
        ? 'No rebalance recommendations: traces do not record them (--rebalance-share makes some up).'
        : `Rebalance recommendations are SYNTHETIC (seed ${seed}): they precede ${100 * rebalanceShare} % of losses, by 10 min on average; as many again are false alarms.`,
      `A workload is up while an instance that is or was its primary runs, from ${launchSeconds} s after the instance's launch.`,
      `Auto recovery launched an on-demand instance for an agent that was silent for ${autoRecoverySeconds / 60} min and had no primary.`,
      options.events
        ? `EC2's events also came through EventBridge, 0 to 3 s late; ${100 * options.eventLoss} % were lost, ${100 * options.eventDuplicates} % delivered twice, at random.`
        : "EC2's events did not reach the control plane: it heard of interruptions only from agents.",
    ];
  }

  /** Called when the control plane has handled an event of EC2. */
  #eventDelivered({ id, agent }: Instance, kind: EventKind): void {
    const fleet = this.#fleet!;
    this.#setup.log(`${this.#simulation.now.toISOString()} ${agent} ${id} EventBridge: ${kind}`);
    if (kind !== 'rebalance') fleet.ledger.noticeReceived(id, 'EventBridge');
    // It may lead to a command or a standby, which agents that poll at their own intervals fetch within seconds.
    if (kind === 'rebalance' || kind === 'notice') fleet.markBusy(agent);
    this.#observer.observeSoon();
  }

  async #checkOrphans(now: Date): Promise<void> {
    this.#checkedAt = now.getTime();
    this.#orphanChecks++;
    const { options, url, tenant } = this.#setup;
    const { leaked } = await checkForLeaks(this.#fleet!, {
      url,
      token: tenant.token,
      retentionSeconds: options.terminateWaitSeconds ?? 300,
      graceSeconds: 15 * 60 + (options.pollSeconds ?? 0),
      now,
    });
    for (const { id, agent } of leaked) this.#orphans.add(`${id} of ${agent}`);
  }
}
