/** The input of policy A. Times are seconds on one clock of the caller's; prices are USD per instance-hour. */

/** How long things take, in seconds: the tenant's measured values, or a profile's until there are enough of them. */
export interface Timing {
  /** From the launch call until the new instance serves. */
  readonly launch: number;
  /** From the interruption notice until the instance is gone. */
  readonly notice: number;
  /** One launch attempt, whether or not it succeeds. */
  readonly attempt: number;
  /** Downtime of a planned move. */
  readonly plannedCutover: number;
  /** Downtime of a failover whose instance was ready in time. */
  readonly failoverCutover: number;
}

/** A pool that is not observed is `unknown`, which is not `up`. */
export type Availability = 'up' | 'down' | 'unknown';

/** What was observed of a pool, up to and including the current period. */
export interface PoolHistory {
  /** Losses: how often it was up in one period and down in the next. */
  readonly drops1h: number;
  readonly drops24h: number;
  readonly drops7d: number;
  readonly upHours24h: number;
  readonly upHours7d: number;
  /** How long the pool has been up, including the current period; 0 when it is not up. */
  readonly upHours: number;
  /** How long its previous spell up lasted; `null` when there was none. */
  readonly previousUpHours: number | null;
  /** How long it was down just before it came up. */
  readonly downHoursBefore: number;
  /** How long it has not been observed; 0 when it was in the current period. */
  readonly unseenHours: number;
}

/** A pool to be rated. Its hazard already reflects what was observed of it. */
export interface PricedView {
  readonly id: string;
  readonly price: number;
  readonly availability: Availability;
  readonly history?: PoolHistory;
}

export interface PoolView extends PricedView {
  readonly history: PoolHistory;
}

/** A pool as policy A rates it. */
export interface RatedPool extends PricedView {
  /** Expected losses per hour. */
  readonly hazard: number;
  /** What a stay there is worth, in on-demand hours; -Infinity while the pool is down. */
  readonly score: number;
}

/** Downtime that a service had, or is sure to have: `seconds` of it at time `at`. */
export interface Downtime {
  readonly at: number;
  readonly seconds: number;
}

/** The availability that an agent was promised. */
export interface Slo {
  /** Such as 0.9995. */
  readonly availability: number;
  /** Over each calendar week that begins at `weekStart`, or over any seven days. */
  readonly over: 'week' | 'rolling';
}
