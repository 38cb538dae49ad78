import type { Db } from '../../shared/db.ts';
import { fromDecimal, fromDecimalOrNull } from '../../shared/decimal.ts';
import type { Agent } from '../../shared/schema.ts';
import { readAgent, readAgents } from '../agent/read.ts';
import type { AgentState } from '../agent/state.ts';
import type { DecisionInput } from './decision-input.ts';
import { type PricedPool, readPricedPools } from './priced-pools.ts';

/** An agent with what the policy has to know of it, and the priced pools of its type and region. */
export interface AgentInput {
  readonly agent: Agent;
  readonly input: DecisionInput;
  readonly pools: readonly PricedPool[];
}

const wanted = { history: true, openSwitch: true } as const;

/** The state of agents for the policy: two statements, however many agents. Deleted agents are left out. */
export async function readInputs(db: Db, agentIds: readonly string[], now: Date): Promise<AgentInput[]> {
  return withPools(db, await readAgents(db, { agentIds, with: wanted }, now), now);
}

/** The same for one tenant's agent. @throws AppError agent_not_found */
export async function readInput(
  db: Db,
  of: { readonly clientId: string; readonly agentId: string; readonly ref: string },
  now: Date,
): Promise<AgentInput> {
  const [input] = await withPools(db, [await readAgent(db, { ...of, with: wanted }, now)], now);
  return input!;
}

type State = AgentState<keyof typeof wanted>;

async function withPools(db: Db, states: readonly State[], now: Date): Promise<AgentInput[]> {
  const pools = await readPricedPools(
    db,
    states.map(({ agent }) => agent),
    now,
  );
  return states.map((state) => {
    const { agent } = state;
    const own = pools.filter((pool) => pool.instanceType === agent.instanceType && pool.region === agent.region);
    return { agent, pools: own, input: inputOf(state, own) };
  });
}

const inputOf = ({ agent, primary, history, openSwitch }: State, pools: readonly PricedPool[]): DecisionInput => ({
  agent: {
    instanceId: primary?.id ?? null,
    status: agent.status,
    enabled: agent.enabled,
    autoSwitchEnabled: agent.autoSwitchEnabled,
    mode: agent.currentMode,
    poolId: agent.currentPoolId,
    lastSwitchAt: agent.lastSwitchAt,
    switches24h: history.switches24h,
    switches7d: history.switches7d,
    hasOpenCommand: openSwitch !== undefined,
    lastEmergencyAt: history.lastSignalAt,
    hasEmergencyReplica: history.hasAutomaticStandby,
    lastFailedSwitchAt: history.lastFailedSwitchAt,
  },
  prices: {
    onDemand: fromDecimalOrNull(primary?.ondemandPrice ?? history.onDemandPrice),
    currentSpot: agent.currentMode === 'spot' ? fromDecimalOrNull(primary?.spotPrice) : null,
    pools: pools.map(({ id, price, at, interruptions30d }) => ({ id, price, at, interruptions30d })),
  },
  config: {
    minSavingsPercent: fromDecimal(agent.minSavingsPercent)!,
    riskThreshold: fromDecimal(agent.riskThreshold)!,
    maxSwitchesPerWeek: agent.maxSwitchesPerWeek,
    maxSwitchesPerDay: agent.maxSwitchesPerDay,
    minPoolDurationHours: agent.minPoolDurationHours,
  },
});
