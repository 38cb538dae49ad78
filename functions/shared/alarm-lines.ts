/** The log lines that alarms look for (lib/observability/alarms.ts). */

/** A run of a job was killed; an alarm counts these lines. */
export const abandonedRun = 'run of a job abandoned';

/** An agent or a tenant gets no more launches for a while. */
export const launchCapReached = 'launch cap reached';

/** EC2's own prices of a region have not been read for a quarter of an hour. */
export const pricesAreStale = 'prices are stale';

/** Decisions fell back to something simpler than the model that should make them (docs/adr/0060). */
export const modelFailed = 'risk model failed';

/** No attempt in a day could deliver a digest of notifications to a tenant's receiver. */
export const notificationsGivenUp = 'notifications given up';
