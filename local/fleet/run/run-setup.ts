import type { Ec2Api } from '../../aws/ec2-api/server.ts';
import type { Market } from '../../market/market.ts';
import type { AgentEnvironment } from '../agents/agent-environment.ts';
import type { Fleet } from './fleet.ts';
import type { StartOptions } from './options.ts';
import type { Progress } from './progress.ts';
import type { Query } from './query.ts';
import type { SettableClock } from './simulation.ts';
import type { Tenant } from './tenant.ts';

/** What a run needs: the options, the market and the control plane. */
export interface RunSetup {
  readonly options: StartOptions;
  readonly market: Market;
  readonly start: Date;
  readonly end: Date;
  readonly clock: SettableClock;
  readonly url: string;
  readonly tenant: Tenant;
  readonly query: Query;
  /** Settings of the agents that differ from their own defaults. */
  readonly environment?: AgentEnvironment;
  /** The clock stops at least this often, for what happens besides agents; by default only when agents do something. */
  readonly tickSeconds?: number;
  /** Runs the control plane's jobs that are due, and delivers the events that have become visible again. */
  readonly onMinute: (now: Date, fleet: Fleet) => Promise<unknown>;
  /** Puts EC2's events into the control plane's queue. Resolves when they have been delivered once. */
  readonly postEvents: (events: readonly unknown[]) => Promise<void>;
  /** The events that were given up. */
  readonly deadLetters: readonly string[];
  /** Where the control plane looks up the tenant's instances. */
  readonly ec2: Ec2Api;
  readonly progress: Progress;
  readonly log: (line: string) => void;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}
