import type { Market } from '../../market/market.ts';
import { AgentHttp } from '../agents/agent-http.ts';
import { type Instance, stateOf } from '../ec2/ec2.ts';
import type { Fleet } from '../run/fleet.ts';

/** USD since the start: what the machines cost, and what one machine on demand for each agent would have cost. */
export interface Costs {
  readonly actual: number;
  readonly baseline: number;
}

export function costsOf({ ec2 }: Fleet, { onDemandPrice }: Market, now: Date): Costs {
  const begun = new Map<string, Date>();
  for (const { agent, runningAt } of ec2.instances) if (!begun.has(agent)) begun.set(agent, runningAt);
  let baseline = 0;
  for (const from of begun.values())
    baseline += (onDemandPrice * Math.max(0, now.getTime() - from.getTime())) / 3600_000;
  return { actual: ec2.bill(now), baseline };
}

export const savingsPercent = ({ actual, baseline }: Costs) => (baseline === 0 ? 0 : 100 * (1 - actual / baseline));

/** Machines that run, by what the control plane knows of them. */
export interface Machines {
  readonly primaries: number;
  readonly replicas: number;
  /** Launched a moment ago: no agent has registered on them yet. */
  readonly starting: number;
  /** Replaced, and to be terminated when their time has come. */
  readonly due: number;
  /** Nobody's, and nobody will terminate them. */
  readonly leaked: readonly Instance[];
  /** Agents whose primary, by the control plane's word, does not run. */
  readonly withoutMachine: number;
}

/** Compares what runs in EC2 with what the control plane says it should be. */
export async function machinesOf(
  fleet: Fleet,
  {
    url,
    token,
    retentionSeconds,
    graceSeconds = 15 * 60,
    now,
  }: {
    url: string;
    token: string;
    retentionSeconds: number;
    /** A machine that is nobody's so long after its launch, or after its time as a replaced one, is taken for leaked. */
    graceSeconds?: number;
    now: Date;
  },
): Promise<Machines> {
  const api = new AgentHttp({ serverUrl: url, clientToken: token, real: (call) => call(), log: () => {} });
  const running = fleet.ec2.instances.filter((instance) => ['pending', 'running'].includes(stateOf(instance, now)));
  const known = await Promise.all(fleet.images.map(({ logicalAgentId }) => knownOf(fleet, api, logicalAgentId)));
  const primaries = new Set(known.map(({ primary }) => primary));
  const replicas = new Set(known.flatMap((agent) => agent.replicas));
  const rest = running.filter(({ id }) => !primaries.has(id) && !replicas.has(id));
  const within = (seconds: number, since: Date) => now.getTime() - since.getTime() < seconds * 1000;
  const isStarting = ({ launchedAt }: Instance) => within(graceSeconds, launchedAt);
  const isDue = (instance: Instance) => {
    const successor = running.find((other) => other.agent === instance.agent && primaries.has(other.id));
    return successor !== undefined && within(retentionSeconds + graceSeconds, successor.runningAt);
  };
  const [starting, settled] = parted(rest, isStarting);
  const [due, leaked] = parted(settled, isDue);
  const primariesRunning = running.filter(({ id }) => primaries.has(id)).length;
  return {
    primaries: primariesRunning,
    replicas: running.filter(({ id }) => replicas.has(id)).length,
    starting: starting.length,
    due: due.length,
    leaked,
    withoutMachine: fleet.images.length - primariesRunning,
  };
}

function parted<T>(items: readonly T[], is: (item: T) => boolean): [T[], T[]] {
  return [items.filter(is), items.filter((item) => !is(item))];
}

async function knownOf({ ec2, ledger }: Fleet, api: AgentHttp, agent: string) {
  const machine = ec2.instances.find((instance) => instance.agent === agent && ledger.handles.has(instance.id));
  // A bare agent id means the agent as a whole; the handle that register returned means one machine of it.
  const params = { agent_id: ledger.handles.get(machine?.id ?? '')?.split('~')[0] ?? 'None' };
  const summary = (await api.call('GET /api/agents/{agent_id}', { params })) as { instance_id?: string } | undefined;
  const list = (await api.call('GET /api/agents/{agent_id}/replicas', { params })) as
    | { replicas?: { instance_id?: string }[] }
    | undefined;
  return {
    primary: summary?.instance_id,
    replicas: (list?.replicas ?? []).flatMap((replica) => replica.instance_id ?? []),
  };
}
