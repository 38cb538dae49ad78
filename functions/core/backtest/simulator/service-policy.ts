/** Index of a pool of the group, or on-demand. */
export type Place = number;
export const onDemand = -1;

/** What a policy sees of one step. It has no way to look ahead. */
export interface Sight {
  /** Seconds since the episode began. At a notice: when the instance will be gone. */
  readonly now: number;
  /** Whose prices are seen. At a notice: the step of the notice. */
  readonly step: number;
  /** Where the service runs, or ran until it was interrupted; `null` when nothing serves. */
  readonly current: Place | null;
  price(pool: number): number;
  /** Whether a pool is up in this step. Only a policy that is declared to know this may ask of other pools than its own. */
  isUp(pool: number): boolean;
}

/** What a policy is told as it happens; all of it its own doing. */
export interface ServiceEvents {
  interrupted?(pool: number, at: number): void;
  /** A switch was planned: its launch has succeeded. */
  switched?(at: number): void;
  /** A failover found its place at the notice. */
  failedOver?(at: number): void;
  /** A launch was tried. `isFresh` is false where what it met is not of this step. */
  tried?(pool: number, succeeded: boolean, at: number): void;
}

/** One service's policy over one episode. Targets are tried in order, until one can be launched. */
export interface ServicePolicy extends ServiceEvents {
  /** Called first in each step, while the service runs where it was. */
  begin?(sight: Sight): void;
  /** Where to move, up to the current place, which ends the list. */
  decide(sight: Sight): readonly Place[];
  /** Where to go when the instance is taken away; on-demand is tried after all of them. */
  failover(sight: Sight): readonly Place[];
  /** Pools for a hot standby, in order of preference; without it there is none. */
  standby?(sight: Sight): readonly Place[];
}
