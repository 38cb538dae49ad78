import { playAvailability } from '../../market/availability.ts';
import type { Instance } from '../ec2/ec2.ts';
import type { EventKind } from '../ec2/ec2-events.ts';
import { EventBridge } from '../ec2/event-bridge.ts';
import { machinesOf } from '../report/costs.ts';
import { interruptionBooks } from '../report/leak-check.ts';
import { Owner } from './auto-recovery.ts';
import { Troubles } from './fault-plan.ts';
import type { Fleet } from './fleet.ts';
import type { Stage } from './play.ts';
import { Watch } from './primary-observer.ts';
import type { Simulation } from './simulation.ts';

const orphanCheckMs = 6 * 3600_000;

/** What makes a run one of interruptions: EC2 as the trace says, other troubles, and those who watch and help out. */
export class InterruptionRun {
  readonly #stage: Stage;
  readonly #simulation: Simulation;
  readonly #troubles: Troubles;
  readonly #watch: Watch;
  readonly #owner: Owner;
  /** Undefined where nobody forwards EC2's events. */
  readonly #events: EventBridge | undefined;
  readonly #orphans = new Set<string>();
  #orphanChecks = 0;
  #signals: ReadonlyMap<string, number> = new Map();
  #checkedAt: number;
  #fleet: Fleet | undefined;

  constructor(stage: Stage, simulation: Simulation) {
    const { options, market, url, tenant, query, postEvents: post, log } = stage;
    this.#stage = stage;
    this.#simulation = simulation;
    this.#checkedAt = stage.start.getTime();
    this.#troubles = new Troubles(options, stage);
    this.#watch = new Watch({ simulation, query, clientId: tenant.id, url, token: tenant.token, log });
    this.#owner = new Owner({ simulation, watch: this.#watch, afterSeconds: options.ownerSeconds });
    const account = { id: tenant.awsAccountId, region: market.region };
    const onDelivery = (instance: Instance, kind: EventKind) => this.#heard(instance, kind);
    if (options.events)
      this.#events = new EventBridge({ simulation, account, post, troubles: this.#troubles, onDelivery });
  }

  get fleetOptions() {
    return {
      ...playAvailability(this.#stage.market, this.#stage.options),
      troubles: this.#troubles,
      events: this.#events,
      onAnswer: this.#watch.answered.bind(this.#watch),
      onSilence: (agent: string) => this.#owner.noticed(this.#fleet!, agent),
    };
  }

  over(fleet: Fleet): void {
    this.#fleet = fleet;
    this.#watch.over(fleet);
  }

  /** The control plane has dealt with an event of EC2's. */
  #heard({ id, agent }: Instance, kind: EventKind): void {
    const fleet = this.#fleet!;
    this.#stage.log(`${this.#simulation.now.toISOString()} ${agent} ${id} EventBridge: ${kind}`);
    if (kind !== 'rebalance') fleet.ledger.announced(id, 'EventBridge');
    // What is announced may become a command or a standby, which agents fetch within seconds at their true periods.
    if (kind === 'rebalance' || kind === 'warning') fleet.beBusy(agent);
    this.#watch.lookSoon();
  }

  async minute(now: Date): Promise<void> {
    await this.#watch.minute(now);
    if (now.getTime() - this.#checkedAt >= orphanCheckMs) await this.#checkOrphans(now);
  }

  async end(): Promise<void> {
    await this.#watch.look();
    this.#signals = await this.#watch.signals();
    await this.#checkOrphans(this.#simulation.now);
  }

  books(now: Date) {
    const observers = {
      watch: this.#watch,
      owner: this.#owner,
      outages: this.#troubles.outages,
      events: this.#events && { ...this.#events.counts, deadLetters: this.#stage.deadLetters.length },
      orphans: this.#orphans,
      orphanChecks: this.#orphanChecks,
      signals: this.#signals,
    };
    const { options, market, log } = this.#stage;
    const { launchSeconds } = options;
    const books = interruptionBooks(this.#fleet!, observers, { market, launchSeconds, end: now });
    for (const { noticeAt, agent, instanceId, path, seconds } of books.failovers) {
      const told = this.#fleet!.ledger.announcers.get(instanceId)?.join(', then ') ?? 'nobody';
      log(
        `${noticeAt.toISOString()} ${agent} ${instanceId} interrupted: ${path}, ${seconds ?? '?'} s after the notice; ` +
          `announced by ${told}`,
      );
    }
    return books;
  }

  get notes(): string[] {
    const { rebalanceShare, ownerSeconds, launchSeconds, noticeSeconds, seed, ...options } = this.#stage.options;
    return [
      `Interruptions as recorded: a pool whose count drops to 0 loses all Spot machines, ${noticeSeconds} s after their notice.`,
      `Rebalance warnings are SYNTHETIC (seed ${seed}): before ${100 * rebalanceShare} % of losses, 10 min ahead on average, and as many false alarms.`,
      `A workload is up while a machine that is or was its primary runs, from ${launchSeconds} s after the machine's launch on.`,
      `Where nothing else did, an owner started a machine on demand ${ownerSeconds / 60} min after the agent fell silent.`,
      options.events
        ? `EC2's events came through EventBridge too, 0 to 3 s late; drawn: ${100 * options.eventLoss} % lost, ${100 * options.eventDuplicates} % twice.`
        : "EC2's events did not reach the control plane: it heard of interruptions from agents alone.",
    ];
  }

  async #checkOrphans(now: Date): Promise<void> {
    this.#checkedAt = now.getTime();
    this.#orphanChecks++;
    const { options, url, tenant } = this.#stage;
    const retentionSeconds = options.terminateWaitSeconds ?? 300;
    const graceSeconds = 15 * 60 + (options.pollSeconds ?? 0);
    const { leaked } = await machinesOf(this.#fleet!, {
      url,
      token: tenant.token,
      retentionSeconds,
      graceSeconds,
      now,
    });
    for (const { id, agent } of leaked) this.#orphans.add(`${id} of ${agent}`);
  }
}
