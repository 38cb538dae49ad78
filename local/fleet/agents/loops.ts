import type { AgentEnvironment } from './agent-environment.ts';

/** A loop in which an agent calls the control plane for as long as it lives (protocol 6.2). */
interface CallingLoop {
  /** The endpoint's number. */
  readonly route: string;
  /** Between two calls of an agent that nobody has configured. */
  readonly seconds: number;
  /** By which it is configured. */
  readonly variable?: keyof AgentEnvironment;
  /** Whether only version 4 has it. */
  readonly isOnlyOfV4?: true;
}

/** How often agents call, by loop: what the simulated agents do and what a month of them costs (docs/cost.md) are made of it. */
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
 * What an agent of the merged kind calls once it is answered (protocol 6.7), seconds: its heartbeat where nothing is to be done, as
 * the control plane tells it, and what nobody answers for it.
 */
export const mergedLoops = { heartbeat: 150, pricing: 3600, cleanup: 86_400 } as const satisfies Partial<
  Record<keyof typeof loops, number>
>;

/** What docs/deploy.md has unmodified agents started with: a third cheaper, and one heartbeat that is lost changes nothing. */
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
