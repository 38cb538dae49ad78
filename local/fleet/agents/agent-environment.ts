/** The agents' environment variables; times in seconds. An agent has its own default for each that is not set. */
export interface AgentEnvironment {
  readonly HEARTBEAT_INTERVAL?: number;
  readonly PENDING_COMMANDS_CHECK_INTERVAL?: number;
  readonly CONFIG_REFRESH_INTERVAL?: number;
  readonly PRICING_REPORT_INTERVAL?: number;
  readonly CLEANUP_INTERVAL?: number;
  readonly TERMINATION_CHECK_INTERVAL?: number;
  readonly REBALANCE_CHECK_INTERVAL?: number;
  /** Version 3.2 only, like the two below. */
  readonly AUTO_TERMINATE_OLD_INSTANCE?: boolean;
  readonly TERMINATE_WAIT_TIME?: number;
  readonly CREATE_SNAPSHOT_ON_SWITCH?: boolean;
}
