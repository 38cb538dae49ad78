import { AgentHttp } from '../agents/agent-http.ts';
import { type Instance, isUp } from '../ec2/instance.ts';
import type { Fleet } from '../run/fleet.ts';

/** The instances that are up, by what the control plane says about them. */
export interface LeakCheck {
  readonly primaries: number;
  readonly standbys: number;
  /** Launched a moment ago: no agent has registered on them yet. */
  readonly starting: number;
  /** Replaced; they will be terminated when their wait is over. */
  readonly due: number;
  /** They belong to nobody, and nobody will terminate them. */
  readonly leaked: readonly Instance[];
  /** Agents whose primary, according to the control plane, is not up. */
  readonly agentsWithoutPrimary: number;
}

export interface LeakCheckOptions {
  readonly url: string;
  readonly token: string;
  readonly retentionSeconds: number;
  /** An instance is leaked if it belongs to nobody this long after its launch, or after its wait as a replaced one. */
  readonly graceSeconds?: number;
  readonly now: Date;
}

/** Compares what is up in EC2 with what the control plane says should be. */
export async function checkForLeaks(
  fleet: Fleet,
  { url, token, retentionSeconds, graceSeconds = 15 * 60, now }: LeakCheckOptions,
): Promise<LeakCheck> {
  const api = new AgentHttp({ serverUrl: url, clientToken: token, real: (call) => call(), log: () => {} });
  const up = fleet.ec2.instances.filter(isUp);
  const known = await Promise.all(fleet.images.map(({ logicalAgentId }) => knownInstances(fleet, api, logicalAgentId)));
  const primaryIds = new Set(known.map(({ primary }) => primary));
  const standbyIds = new Set(known.flatMap(({ standbys }) => standbys));
  const primaries = up.filter(({ id }) => primaryIds.has(id));
  const standbys = up.filter(({ id }) => standbyIds.has(id));
  const others = up.filter(({ id }) => !primaryIds.has(id) && !standbyIds.has(id));

  const within = (seconds: number, since: Date) => now.getTime() - since.getTime() < seconds * 1000;
  const [starting, settled] = partition(others, ({ launchedAt }) => within(graceSeconds, launchedAt));
  const [due, leaked] = partition(settled, ({ agent }) => {
    const successor = primaries.find((primary) => primary.agent === agent);
    return successor !== undefined && within(retentionSeconds + graceSeconds, successor.runningAt);
  });
  return {
    primaries: primaries.length,
    standbys: standbys.length,
    starting: starting.length,
    due: due.length,
    leaked,
    agentsWithoutPrimary: fleet.images.length - primaries.length,
  };
}

function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

/** The instances that the control plane lists for an agent. */
async function knownInstances({ ec2, ledger }: Fleet, api: AgentHttp, agent: string) {
  const registered = ec2.instances.find((instance) => instance.agent === agent && ledger.handles.has(instance.id));
  // The bare agent id stands for the agent as a whole; the handle from register stands for one instance of it.
  const params = { agent_id: ledger.handles.get(registered?.id ?? '')?.split('~')[0] ?? 'None' };
  const summary = (await api.call('GET /api/agents/{agent_id}', { params })) as { instance_id?: string } | undefined;
  const list = (await api.call('GET /api/agents/{agent_id}/replicas', { params })) as
    | { replicas?: { instance_id?: string }[] }
    | undefined;
  return {
    primary: summary?.instance_id,
    standbys: (list?.replicas ?? []).flatMap((replica) => replica.instance_id ?? []),
  };
}
