import { playAvailability } from './availability.ts';
import { machinesOf } from './books.ts';
import type { Fleet } from './fleet.ts';
import { interruptionBooks } from './interruption-books.ts';
import { Owner } from './owner.ts';
import type { Stage } from './play.ts';
import type { Simulation } from './simulation.ts';
import { Troubles } from './troubles.ts';
import { Watch } from './watch.ts';

const orphanCheckMs = 6 * 3600_000;

/** What makes a run one of interruptions: EC2 as the trace says, other troubles, and those who watch and help out. */
export class InterruptionRun {
  readonly #stage: Stage;
  readonly #simulation: Simulation;
  readonly #troubles: Troubles;
  readonly #watch: Watch;
  readonly #owner: Owner;
  readonly #orphans = new Set<string>();
  #orphanChecks = 0;
  #signals: ReadonlyMap<string, number> = new Map();
  #checkedAt: number;
  #fleet: Fleet | undefined;

  constructor(stage: Stage, simulation: Simulation) {
    const { options, url, tenant, query, log } = stage;
    this.#stage = stage;
    this.#simulation = simulation;
    this.#checkedAt = stage.start.getTime();
    this.#troubles = new Troubles(options, stage);
    this.#watch = new Watch({ simulation, query, clientId: tenant.id, url, token: tenant.token, log });
    this.#owner = new Owner({ simulation, watch: this.#watch, afterSeconds: options.ownerSeconds });
  }

  get fleetOptions() {
    return {
      ...playAvailability(this.#stage.market, this.#stage.options),
      troubles: this.#troubles,
      onAnswer: this.#watch.answered.bind(this.#watch),
      onSilence: (agent: string) => this.#owner.noticed(this.#fleet!, agent),
    };
  }

  over(fleet: Fleet): void {
    this.#fleet = fleet;
    this.#watch.over(fleet);
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
      orphans: this.#orphans,
      orphanChecks: this.#orphanChecks,
      signals: this.#signals,
    };
    const { options, market, log } = this.#stage;
    const { launchSeconds } = options;
    const books = interruptionBooks(this.#fleet!, observers, { market, launchSeconds, end: now });
    for (const { noticeAt, agent, path, seconds } of books.failovers)
      log(`${noticeAt.toISOString()} ${agent} interrupted: ${path}, ${seconds ?? '?'} s after the notice`);
    return books;
  }

  get notes(): string[] {
    const { rebalanceShare, ownerSeconds, launchSeconds, noticeSeconds, seed } = this.#stage.options;
    return [
      `Interruptions as recorded: a pool whose count drops to 0 loses all Spot machines, ${noticeSeconds} s after their notice.`,
      `Rebalance warnings are SYNTHETIC (seed ${seed}): before ${100 * rebalanceShare} % of losses, 10 min ahead on average, and as many false alarms.`,
      `A workload is up while a machine that is or was its primary runs, from ${launchSeconds} s after the machine's launch on.`,
      `Where nothing else did, an owner started a machine on demand ${ownerSeconds / 60} min after the agent fell silent.`,
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
