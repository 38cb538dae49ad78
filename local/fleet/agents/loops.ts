import type { AgentEnvironment } from './agent-environment.ts';

/** A loop in which an agent calls the control plane for as long as it lives (protocol 6.2). */
interface CallingLoop {
  /** The endpoint's number. */
  readonly route: string;
  /** Seconds between two calls of an agent with default settings. */
  readonly seconds: number;
  /** The environment variable that configures it. */
  readonly variable?: keyof AgentEnvironment;
  /** Whether only version 4 has it. */
  readonly isOnlyOfV4?: true;
}

/** How often agents call, by loop. The simulated agents and the cost of a month (docs/cost.md) are based on it. */
export const loops = {
  heartbeat: { route: 'A2', seconds: 30, variable: 'HEARTBEAT_INTERVAL' },
  pendingCommands: { route: 'A4', seconds: 15, variable: 'PENDING_COMMANDS_CHECK_INTERVAL' },
  config: { route: 'A3', seconds: 60, variable: 'CONFIG_REFRESH_INTERVAL' },
  pricing: { route: 'A6', seconds: 300, variable: 'PRICING_REPORT_INTERVAL' },
  launchingReplicas: { route: 'R2', seconds: 30, isOnlyOfV4: true },
  terminatedReplicas: { route: 'R2', seconds: 30, isOnlyOfV4: true },
  instancesToTerminate: { route: 'X3', seconds: 60, isOnlyOfV4: true },
  cleanup: { route: 'A9', seconds: 3600, variable: 'CLEANUP_INTERVAL', isOnlyOfV4: true },
} as const satisfies Record<string, CallingLoop>;

/**
 * How often an agent of the merged kind calls once it gets merged responses (protocol 6.7), seconds: its heartbeat
 * while there is nothing to do, as the control plane sets it, and the calls that no response replaces.
 */
export const mergedLoops = { heartbeat: 150, pricing: 3600, cleanup: 86_400 } as const satisfies Partial<
  Record<keyof typeof loops, number>
>;

/** Settings for unmodified agents in docs/deploy.md: a third cheaper, and one lost heartbeat still changes nothing. */
export const cheaperEnvironment = {
  HEARTBEAT_INTERVAL: 40,
  PENDING_COMMANDS_CHECK_INTERVAL: 45,
  CONFIG_REFRESH_INTERVAL: 300,
} as const satisfies AgentEnvironment;

export type Loop = keyof typeof loops;

/** Seconds between two runs of a loop. */
export function periodOf(loop: Loop, environment: AgentEnvironment): number {
  const { seconds, variable }: CallingLoop = loops[loop];
  return (variable && (environment[variable] as number | undefined)) ?? seconds;
}
