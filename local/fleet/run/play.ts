import { seeded } from '../../random.ts';
import { exposeInstances, exposePrices, terminationsOf } from '../ec2/aws-account.ts';
import { accountsOf } from '../report/accounts.ts';
import { booksOf, costOfPrimaries, costsOf, type PrimaryChanges, savingsPercent } from '../report/costs.ts';
import { refusedByGate } from '../report/decision-log.ts';
import { checkForLeaks } from '../report/leak-check.ts';
import { policyScore } from '../report/policy-score.ts';
import type { Outcome } from '../report/report.ts';
import { Fleet } from './fleet.ts';
import { InterruptionRun } from './interruption-run.ts';
import type { RunSetup } from './run-setup.ts';
import { Simulation } from './simulation.ts';
import { applySettings } from './tenant.ts';

/** Runs a fleet against a control plane, over a period of its market. */
export async function play(setup: RunSetup): Promise<Outcome> {
  const { options, market, start, end, clock, url, tenant, query, progress, signal } = setup;
  const began = performance.now();
  const wallSeconds = () => (performance.now() - began) / 1000;
  const simulation = new Simulation({
    clock,
    start,
    onMinute: async (now) => {
      progress.show(() => progressLine(setup, fleet, now, wallSeconds()));
      await setup.onMinute(now, fleet);
      await interruptions?.onMinute(now);
    },
  });
  const interruptions = options.availability === undefined ? undefined : new InterruptionRun(setup, simulation);
  const fleet = new Fleet({
    simulation,
    market,
    random: seeded(options.seed),
    seed: options.seed,
    agents: options.agents,
    v32Share: options.v32Share,
    mergedShare: options.mergedShare,
    pollSeconds: options.pollSeconds,
    environment: { ...setup.environment, TERMINATE_WAIT_TIME: options.terminateWaitSeconds },
    serverUrl: url,
    clientToken: tenant.token,
    ...interruptions?.fleetOptions,
    log: setup.log,
  });
  interruptions?.attach(fleet);
  const describeCalls = exposeInstances(setup.ec2, tenant, fleet, () => simulation.now);
  if (options.mergedShare > 0) exposePrices(setup.ec2, market, () => simulation.now);
  signal.addEventListener('abort', () => simulation.stop());

  await applySettings(query, tenant.id, options);
  if (options.minSavingsPercent !== undefined)
    simulation.spawn(() => applyToNewAgents(simulation, fleet, () => applySettings(query, tenant.id, options)));
  if (setup.tickSeconds !== undefined) simulation.spawn(() => tick(simulation, setup.tickSeconds!));
  fleet.start();
  await simulation.run(end);
  progress.end();
  await interruptions?.finish();

  const now = simulation.now;
  const retentionSeconds = options.terminateWaitSeconds ?? 300;
  const seconds = wallSeconds();
  const accounts = await accountsOf(query, tenant.id).catch(() => undefined);
  return {
    market,
    fleet,
    start,
    end: now,
    wallSeconds: seconds,
    costs: costsOf(fleet, market, now),
    leakCheck: await checkForLeaks(fleet, { url, token: tenant.token, retentionSeconds, now }),
    terminations: await terminationsOf(query, tenant.id, describeCalls()),
    interruptions: interruptions?.summary(now),
    policy: await scoreOf(setup, fleet, interruptions?.primaryChanges, now),
    accounts: accounts && {
      ...accounts,
      ofFleet: interruptions
        ? booksOf(fleet, market, interruptions.primaryChanges, accounts.until)
        : costsOf(fleet, market, accounts.until),
    },
    refused: await refusedByGate(query, tenant.id).catch(() => undefined),
    notes: [...notesOf(setup), ...(interruptions?.notes ?? [])],
  };
}

/** Compares agents with a target, if they played a trace, with the evaluation of the same trace. */
async function scoreOf(
  { options, market, start, query }: RunSetup,
  fleet: Fleet,
  primaryChanges: PrimaryChanges | undefined,
  end: Date,
) {
  const { availability: path, availabilityTarget: target } = options;
  if (path === undefined || typeof target !== 'number' || !primaryChanges) return undefined;
  const zones = fleet.ec2.instances.filter(({ cause }) => cause.kind === 'start').map(({ az }) => az);
  const primaries = costOfPrimaries(fleet, market, primaryChanges, end);
  return policyScore(query, { path, target, market, zones, primaries, start, end });
}

/** Makes the clock stop at least this often. */
async function tick(simulation: Simulation, seconds: number): Promise<never> {
  for (;;) await simulation.sleep(seconds);
}

/** Applies the settings before each minute's decisions, until every agent has registered once. */
async function applyToNewAgents(simulation: Simulation, fleet: Fleet, apply: () => Promise<void>): Promise<void> {
  for (let registered = 0; registered < fleet.images.length; ) {
    await simulation.sleep(60 - simulation.now.getUTCSeconds() - 1 || 60);
    const instances = fleet.ec2.instances.filter(({ id }) => fleet.ledger.handles.has(id));
    registered = new Set(instances.map(({ agent }) => agent)).size;
    await simulation.real(apply);
  }
}

function progressLine({ market, start, end }: RunSetup, fleet: Fleet, now: Date, wallSeconds: number): string {
  const day = (time: Date) => (time.getTime() - start.getTime()) / 86_400_000;
  const { requests, switches } = fleet.ledger;
  const done = switches.filter(({ outcome }) => outcome === 'completed').length;
  const saved = savingsPercent(costsOf(fleet, market, now)).toFixed(1);
  return (
    `day ${day(now).toFixed(1)}/${day(end).toFixed(1)}  ${requests} requests, ${(requests / wallSeconds).toFixed(0)}/s  ` +
    `${done} switches  ${saved} % saved`
  );
}

function notesOf({ options: { pollSeconds, availability }, market }: RunSetup): string[] {
  const ignored = availability === undefined && market.pools.some(({ capacity }) => capacity !== undefined);
  return [
    ...cadenceNotes(pollSeconds),
    ...(ignored
      ? ['The file also records availability, but every launch succeeded: only --availability plays it.']
      : []),
  ];
}

function cadenceNotes(pollSeconds: number | undefined): string[] {
  if (pollSeconds === undefined) return ['Agents always polled at their own intervals.'];
  const minutes = pollSeconds / 60;
  return [
    `Coarse cadence: idle agents polled every ${minutes} min, and at their own intervals for minutes after a start or a command.`,
    `So the control plane considered an agent offline after ${4 * minutes} min (HEARTBEAT_TIMEOUT_SECONDS), not after 2.`,
  ];
}
