/** Index of a pool in the group, or on-demand. */
export type Place = number;
export const onDemand = -1;

/** What a policy sees of one step. It cannot look ahead. */
export interface Sight {
  /** Seconds since the episode began. At a notice: when the instance will be gone. */
  readonly now: number;
  /** The step whose prices are seen. At a notice: the step of the notice. */
  readonly step: number;
  /** Where the service runs, or ran until it was interrupted; `null` when nothing serves. */
  readonly current: Place | null;
  /** What the tenant pays for a place. */
  price(place: Place): number;
  /** The public price of a place, which may differ from what the tenant pays. */
  publicPrice(place: Place): number;
  /** Whether a pool is up in this step. Only policies declared to know this may ask about pools they are not in. */
  isUp(pool: number): boolean;
}

/** Events that a policy is told about. All concern its own service. */
export interface ServiceEvents {
  interrupted?(pool: number, at: number): void;
  /** A planned switch succeeded in launching its instance. */
  switched?(at: number): void;
  /** A failover found a place at the notice. */
  failedOver?(at: number): void;
  /** A launch was tried. */
  tried?(pool: number, succeeded: boolean, at: number): void;
}

/** One service's policy over one episode. Targets are tried in order until one launches. */
export interface ServicePolicy extends ServiceEvents {
  /** Called first in each step, while the service is still where it was. */
  begin?(sight: Sight): void;
  /** Where to move, best first. The current place ends the list. */
  decide(sight: Sight): readonly Place[];
  /** Where to go when the instance is taken away; on-demand is tried last. */
  failover(sight: Sight): readonly Place[];
  /** Pools for a hot standby, in order of preference. Without this method there is no standby. */
  standby?(sight: Sight): readonly Place[];
}
