import type { Market } from '../../market/market.ts';
import type { Ec2, Instance, Interruption } from '../ec2/ec2.ts';
import type { Ledger } from '../report/ledger.ts';
import type { Simulation } from '../run/simulation.ts';
import type { AgentHttp } from './agent-http.ts';
import type { Cadence } from './cadence.ts';

export type AgentVersion = '4.0.0' | '3.2.0';

/** What is installed in a machine image and named in its environment file; every machine of an agent has the same. */
export interface Image {
  readonly version: AgentVersion;
  readonly logicalAgentId: string;
  readonly clientToken: string;
  readonly cadence: Cadence;
  readonly environment: AgentEnvironment;
}

/** The agents' environment variables, seconds where they are times; those left out have the agents' own defaults. */
export interface AgentEnvironment {
  readonly HEARTBEAT_INTERVAL?: number;
  readonly PENDING_COMMANDS_CHECK_INTERVAL?: number;
  readonly CONFIG_REFRESH_INTERVAL?: number;
  readonly PRICING_REPORT_INTERVAL?: number;
  readonly CLEANUP_INTERVAL?: number;
  readonly TERMINATION_CHECK_INTERVAL?: number;
  readonly REBALANCE_CHECK_INTERVAL?: number;
  /** Version 3.2 only, as the two below. */
  readonly AUTO_TERMINATE_OLD_INSTANCE?: boolean;
  readonly TERMINATE_WAIT_TIME?: number;
  readonly CREATE_SNAPSHOT_ON_SWITCH?: boolean;
}

/** What a process finds on the machine it runs on: itself (IMDS), AWS, the control plane, and the time. */
export interface Host {
  readonly instance: Instance;
  /** What EC2 will announce on this machine's IMDS, and when. */
  readonly interruption: Interruption | undefined;
  readonly image: Image;
  readonly ec2: Ec2;
  readonly market: Market;
  readonly simulation: Simulation;
  readonly api: AgentHttp;
  readonly ledger: Ledger;
  readonly log: (line: string) => void;
}
