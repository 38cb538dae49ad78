/** What policy A decides on. Times are seconds of one clock of the caller's; prices are USD per instance-hour. */

/** How long things take, in seconds: the tenant's measured values, or those of a profile until there are enough. */
export interface Timing {
  /** From the launch call until the new instance serves. */
  readonly launch: number;
  /** From the interruption notice until the instance is gone. */
  readonly notice: number;
  /** One attempt to launch, also one that fails. */
  readonly attempt: number;
  /** Downtime of a move that was planned. */
  readonly plannedCutover: number;
  /** Downtime of a failover whose instance was ready in time. */
  readonly failoverCutover: number;
}

/** Where a pool is not observed it is `unknown`, which is not `up`. */
export type Availability = 'up' | 'down' | 'unknown';

/** What was seen of a pool, up to and with the current period of observation. */
export interface PoolHistory {
  /** Losses: how often it was up in one period and down in the next. */
  readonly drops1h: number;
  readonly drops24h: number;
  readonly drops7d: number;
  readonly upHours24h: number;
  readonly upHours7d: number;
  /** How long the pool has been up, with the current period; 0 when it is not. */
  readonly upHours: number;
  /** How long it was up the time before; `null` when it never was. */
  readonly previousUpHours: number | null;
  /** How long it was down just before it came up. */
  readonly downHoursBefore: number;
  /** How long nothing has been seen of it; 0 when the current period was. */
  readonly unseenHours: number;
}

/** A pool as it is rated; what was seen of it is in its hazard. */
export interface PricedView {
  readonly id: string;
  readonly price: number;
  readonly availability: Availability;
  readonly history?: PoolHistory;
}

export interface PoolView extends PricedView {
  readonly history: PoolHistory;
}

/** A pool with what policy A makes of it. */
export interface RatedPool extends PricedView {
  /** Expected losses per hour. */
  readonly hazard: number;
  /** What a stay there is worth, in on-demand hours; -Infinity while the pool is down. */
  readonly score: number;
}

/** Downtime that a service had, or is sure to have: `seconds` at a time. */
export interface Downtime {
  readonly at: number;
  readonly seconds: number;
  /** The price of downtime that it was accepted at; `undefined` when there was none. */
  readonly lambda?: number | undefined;
}

/** What an agent was promised. */
export interface Slo {
  /** Such as 0.9995. */
  readonly availability: number;
  /** Over each week of the calendar that begins at `weekStart`, or over any seven days. */
  readonly over: 'week' | 'rolling';
}
