import type { Ec2Api } from '../../aws/ec2-api/server.ts';
import type { Market } from '../../market/market.ts';
import { seeded } from '../../random.ts';
import { endingsOf, showMachines } from '../ec2/aws-account.ts';
import { costsOf, machinesOf, savingsPercent } from '../report/costs.ts';
import { refusedByGate } from '../report/decision-log.ts';
import type { Outcome } from '../report/report.ts';
import { Fleet } from './fleet.ts';
import { InterruptionRun } from './interruption-run.ts';
import type { StartOptions } from './options.ts';
import type { Progress } from './progress.ts';
import type { Query } from './query.ts';
import { type SettableClock, Simulation } from './simulation.ts';
import { applySettings, type Tenant } from './tenant.ts';

export interface Stage {
  readonly options: StartOptions;
  readonly market: Market;
  readonly start: Date;
  readonly end: Date;
  readonly clock: SettableClock;
  readonly url: string;
  readonly tenant: Tenant;
  readonly query: Query;
  /** Runs the control plane's jobs that have become due. */
  readonly runDueJobs: () => Promise<unknown>;
  /** Brings EC2's events to the control plane; returns when each is handled or given up. */
  readonly postEvents: (events: readonly unknown[]) => Promise<void>;
  /** The events that were given up. */
  readonly deadLetters: readonly string[];
  /** Where the control plane asks EC2 about the tenant's machines. */
  readonly ec2: Ec2Api;
  readonly progress: Progress;
  readonly log: (line: string) => void;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

/** Lets a fleet run against a control plane over a period of its market. */
export async function play(stage: Stage): Promise<Outcome> {
  const { options, market, start, end, clock, url, tenant, query, progress, signal } = stage;
  const began = performance.now();
  const wallSeconds = () => (performance.now() - began) / 1000;
  const simulation = new Simulation({
    clock,
    start,
    onMinute: async (now) => {
      progress.show(() => progressLine(stage, fleet, now, wallSeconds()));
      await stage.runDueJobs();
      await interruptions?.minute(now);
    },
  });
  const interruptions = options.availability === undefined ? undefined : new InterruptionRun(stage, simulation);
  const fleet = new Fleet({
    simulation,
    market,
    random: seeded(options.seed),
    seed: options.seed,
    agents: options.agents,
    v32Share: options.v32Share,
    pollSeconds: options.pollSeconds,
    environment: { TERMINATE_WAIT_TIME: options.terminateWaitSeconds },
    serverUrl: url,
    clientToken: tenant.token,
    ...interruptions?.fleetOptions,
    log: stage.log,
  });
  interruptions?.over(fleet);
  const looks = showMachines(stage.ec2, tenant, fleet, () => simulation.now);
  signal.addEventListener('abort', () => simulation.stop());

  await applySettings(query, tenant.id, options);
  if (options.minSavingsPercent !== undefined)
    simulation.spawn(() => settleNewcomers(simulation, fleet, () => applySettings(query, tenant.id, options)));
  fleet.start();
  await simulation.run(end);
  progress.end();
  await interruptions?.end();

  const now = simulation.now;
  const retentionSeconds = options.terminateWaitSeconds ?? 300;
  const seconds = wallSeconds();
  return {
    market,
    fleet,
    start,
    end: now,
    wallSeconds: seconds,
    costs: costsOf(fleet, market, now),
    machines: await machinesOf(fleet, { url, token: tenant.token, retentionSeconds, now }),
    endings: await endingsOf(query, tenant.id, looks()),
    interruptions: interruptions?.books(now),
    refused: await refusedByGate(query, tenant.id).catch(() => undefined),
    notes: [...notesOf(stage), ...(interruptions?.notes ?? [])],
  };
}

/** Applies the settings before each minute's decisions, until every agent has registered once. */
async function settleNewcomers(simulation: Simulation, fleet: Fleet, settle: () => Promise<void>): Promise<void> {
  for (let settled = 0; settled < fleet.images.length; ) {
    await simulation.sleep(60 - simulation.now.getUTCSeconds() - 1 || 60);
    settled = new Set(fleet.ec2.instances.filter(({ id }) => fleet.ledger.handles.has(id)).map(({ agent }) => agent))
      .size;
    await simulation.real(settle);
  }
}

function progressLine({ market, start, end }: Stage, fleet: Fleet, now: Date, wallSeconds: number): string {
  const day = (time: Date) => (time.getTime() - start.getTime()) / 86_400_000;
  const { requests, switches } = fleet.ledger;
  const done = switches.filter(({ outcome }) => outcome === 'completed').length;
  const saved = savingsPercent(costsOf(fleet, market, now)).toFixed(1);
  return (
    `day ${day(now).toFixed(1)}/${day(end).toFixed(1)}  ${requests} requests, ${(requests / wallSeconds).toFixed(0)}/s  ` +
    `${done} switches  ${saved} % saved`
  );
}

function notesOf({ options: { pollSeconds, availability }, market }: Stage): string[] {
  const ignored = availability === undefined && market.pools.some(({ capacity }) => capacity !== undefined);
  return [
    ...cadenceNotes(pollSeconds),
    ...(ignored
      ? ['The file also records availability, which was not played: every launch succeeded. --availability plays it.']
      : []),
  ];
}

function cadenceNotes(pollSeconds: number | undefined): string[] {
  if (pollSeconds === undefined) return ['Agents polled at their true periods.'];
  const minutes = pollSeconds / 60;
  return [
    `Coarse cadence: idle agents polled every ${minutes} min, and at their true periods for minutes after a start or a command.`,
    `For that the control plane took an agent for offline after ${4 * minutes} min (HEARTBEAT_TIMEOUT_SECONDS) instead of 2.`,
  ];
}
