import type { Db } from '../../shared/db.ts';
import { fromDecimal, fromDecimalOrNull } from '../../shared/decimal.ts';
import type { Agent } from '../../shared/schema.ts';
import { secondMs } from '../../shared/time.ts';
import type { DisruptionWindows } from '../agent/disruption-windows.ts';
import { readAgent, readAgents } from '../agent/read.ts';
import type { AgentState, RecordedSwitch } from '../agent/state.ts';
import { isFresh } from '../pool/freshness.ts';
import type { DecisionInput, JobFacts } from './decision-input.ts';
import { failedSwitchesOf } from './failed-switches.ts';
import type { HazardModel } from './hazard-model.ts';
import { type PaidPrices, pricesPaidBy } from './paid-prices.ts';
import { type PoolReader, type PricedPlace, type PricedPool, poolReader } from './priced-pools.ts';
import { serviceFacts } from './service-facts.ts';

/** An agent, what the policy has to know about it, and the priced pools of its type and region. */
export interface AgentInput {
  readonly agent: Agent;
  readonly input: DecisionInput;
  /** With public prices. */
  readonly pools: readonly PricedPool[];
  readonly prices: PaidPrices;
}

const wanted = { history: true, openSwitch: true } as const;

/** Reads any number of agents, but no deleted ones. Two statements, or one where their pools are already known. */
export async function readInputs(
  db: Db,
  of: { readonly agentIds: readonly string[]; readonly readPools: PoolReader; readonly readJob: JobReader },
  now: Date,
): Promise<AgentInput[]> {
  return withPools(await readAgents(db, { agentIds: of.agentIds, with: wanted }, now), of, now);
}

/** Derives the facts of an agent's job. Callers that decide on jobs pass `jobFacts`. */
type JobReader = (agent: Agent, place: PricedPlace, now: Date) => JobFacts | null;

interface OneAgent {
  readonly clientId: string;
  readonly agentId: string;
  readonly ref: string;
  /** Without a model the agent's target is ignored: the code that handles EC2's signals has none. */
  readonly model?: HazardModel;
  /** Without it the agent's deadline is ignored, too. */
  readonly readJob?: JobReader;
}

/** The same for one agent of a tenant. @throws AppError agent_not_found */
export async function readInput(
  db: Db,
  { model, readJob = () => null, ...of }: OneAgent,
  now: Date,
): Promise<AgentInput> {
  const state = await readAgent(db, { ...of, with: wanted }, now);
  const [input] = await withPools([state], { readPools: poolReader(db, now, model), readJob }, now);
  return input!;
}

type State = AgentState<keyof typeof wanted>;

interface Readers {
  readonly readPools: PoolReader;
  readonly readJob: JobReader;
}

async function withPools(states: readonly State[], { readPools, readJob }: Readers, now: Date): Promise<AgentInput[]> {
  const placeOf = await readPools(states.map(({ agent }) => agent));
  return states.map((state) => {
    const { agent, history } = state;
    const place = placeOf(agent);
    const prices = pricesPaidBy(agent, history, now);
    return { agent, pools: place.pools, prices, input: inputOf(state, place, prices, readJob(agent, place, now), now) };
  });
}

function inputOf(
  { agent, primary, history, openSwitch }: State,
  place: PricedPlace,
  paidPrices: PaidPrices,
  job: JobFacts | null,
  now: Date,
): DecisionInput {
  const service = job ? null : serviceFacts(agent, history, place, now);
  const onDemand = fromDecimalOrNull(primary?.ondemandPrice ?? history.onDemandPrice);
  const currentSpot = agent.currentMode === 'spot' ? reportedSpot(primary, place, now) : null;
  const failed = failedSwitchesOf(history.failedSwitches, (service ?? job) !== null, now);
  return {
    agent: {
      instanceId: primary?.id ?? null,
      status: agent.status,
      enabled: agent.enabled,
      autoSwitchEnabled: agent.autoSwitchEnabled,
      mode: agent.currentMode,
      poolId: agent.currentPoolId,
      lastSwitchAt: lastVoluntarySwitch(agent, history.switches),
      switches24h: history.switches24h,
      switches7d: history.switches7d,
      hasOpenCommand: openSwitch !== undefined,
      lastEmergencyAt: history.lastSignalAt,
      hasEmergencyReplica: history.hasAutomaticStandby,
      lastFailedSwitchAt: failed.lastAt,
    },
    prices: {
      ...paidPrices.onDemand(onDemand),
      currentSpot: currentSpot && paidPrices.paid('spot', currentSpot),
      pools: place.pools.map(({ id, price, at, interruptions30d, availability, hazard, placementScore }) => ({
        id,
        ...paidPrices.pool(price),
        at,
        interruptions30d,
        availability: failed.refusing.has(id) ? 'down' : availability,
        hazard,
        ...(placementScore != null && { placementScore }),
      })),
      ...(paidPrices.overlays.length > 0 && { overlays: paidPrices.overlays }),
    },
    config: {
      minSavingsPercent: fromDecimal(agent.minSavingsPercent)!,
      riskThreshold: fromDecimal(agent.riskThreshold)!,
      maxSwitchesPerWeek: agent.maxSwitchesPerWeek,
      maxSwitchesPerDay: agent.maxSwitchesPerDay,
      minPoolDurationHours: agent.minPoolDurationHours,
      limitsHold: (agent.availabilityTarget === null && job === null) || agent.limitsSet,
      disruptionWindows: agent.disruptionWindows as DisruptionWindows | null,
    },
    service,
    job,
  };
}

/** The price that the primary reported; if that report is old, the known price of its pool, if that is fresh. */
function reportedSpot(primary: State['primary'], { pools }: PricedPlace, now: Date): number | null {
  const said = fromDecimalOrNull(primary?.spotPrice);
  if (said !== null && primary?.lastReportAt && isFresh(primary.lastReportAt, now)) return said;
  const known = pools.find(({ id, at }) => id === primary?.currentPoolId && isFresh(at, now));
  return known?.price ?? said;
}

/** Limits count from the last voluntary switch. The agent's own `lastSwitchAt` includes emergencies. */
function lastVoluntarySwitch({ lastSwitchAt }: Agent, switches: readonly RecordedSwitch[]): Date | null {
  if (!switches.at(-1)?.isEmergency) return lastSwitchAt;
  const last = switches.findLast(({ isEmergency }) => !isEmergency);
  return last ? new Date(last.at * secondMs) : null;
}
