/** The log lines that alarms look for (lib/observability/alarms.ts). */

/** What the log says of a run that was killed: an alarm counts it. */
export const abandonedRun = 'run of a job abandoned';

/** An agent is told of no more launches for a while. */
export const launchCapReached = 'launch cap reached';

/** EC2's own prices of a region have not been read for a quarter of an hour. */
export const pricesAreStale = 'prices are stale';

/** Decisions go by something simpler than the model that should tell them (docs/adr/0060). */
export const modelFailed = 'risk model failed';

/** A tenant's receiver has taken a digest of notifications for a day in no try. */
export const notificationsGivenUp = 'notifications given up';
