import type { AgentEnvironment } from './agent-environment.ts';
import { type Cadence, staggered } from './cadence.ts';

/** `4.1.0` is the merged kind, which is not in the field (protocol 6.7). */
export type AgentVersion = '4.1.0' | '4.0.0' | '3.2.0';

/** What the machine image of an agent contains. Every instance of the agent boots from it. */
export interface AgentImage {
  readonly version: AgentVersion;
  readonly logicalAgentId: string;
  readonly clientToken: string;
  readonly cadence: Cadence;
  readonly environment: AgentEnvironment;
}

export interface ImageOptions {
  readonly agents: number;
  /** 0 to 1: the share of agents of version 3.2. */
  readonly v32Share: number;
  /** 0 to 1: the share of agents that get everything in the response to their heartbeat. */
  readonly mergedShare?: number | undefined;
  /** Seconds between the polls of an idle agent; undefined for the agents' own intervals. */
  readonly pollSeconds: number | undefined;
  readonly clientToken: string;
  readonly environment: AgentEnvironment;
}

/** One image per agent of a fleet. Agents of version 3.2 and of the merged kind are spread evenly among the others. */
export function agentImages({
  agents,
  v32Share,
  mergedShare = 0,
  pollSeconds,
  clientToken,
  environment,
}: ImageOptions): AgentImage[] {
  const digits = String(agents).length;
  const versions = spread(agents, v32Share, mergedShare);
  return versions.map((version, index) => ({
    version,
    logicalAgentId: `demo-${String(index + 1).padStart(digits, '0')}`,
    clientToken,
    cadence: pollSeconds === undefined ? { kind: 'true' } : staggered(pollSeconds, index),
    environment,
  }));
}

function spread(agents: number, v32Share: number, mergedShare: number): AgentVersion[] {
  const isOne = (share: number, index: number) => among(share, index + 1) > among(share, index);
  const among = (share: number, count: number) => Math.floor(count * share + 1e-9);
  const ofOthers = v32Share < 1 ? mergedShare / (1 - v32Share) : 0;
  let others = 0;
  return Array.from({ length: agents }, (_, index) => {
    if (isOne(v32Share, index)) return '3.2.0';
    return isOne(ofOthers, others++) ? '4.1.0' : '4.0.0';
  });
}
