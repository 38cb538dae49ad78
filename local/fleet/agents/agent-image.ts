import type { AgentEnvironment } from './agent-environment.ts';
import { type Cadence, staggered } from './cadence.ts';

export type AgentVersion = '4.0.0' | '3.2.0';

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
  /** Seconds between the polls of an idle agent; undefined for the agents' own intervals. */
  readonly pollSeconds: number | undefined;
  readonly clientToken: string;
  readonly environment: AgentEnvironment;
}

/** One image for each agent of a fleet. Agents of version 3.2 are spread evenly among the others. */
export function agentImages({ agents, v32Share, pollSeconds, clientToken, environment }: ImageOptions): AgentImage[] {
  const digits = String(agents).length;
  const v32Among = (count: number) => Math.floor(count * v32Share + 1e-9);
  return Array.from({ length: agents }, (_, index) => ({
    version: v32Among(index + 1) > v32Among(index) ? '3.2.0' : '4.0.0',
    logicalAgentId: `demo-${String(index + 1).padStart(digits, '0')}`,
    clientToken,
    cadence: pollSeconds === undefined ? { kind: 'true' } : staggered(pollSeconds, index),
    environment,
  }));
}
