import type { Deadline } from './safety-net.ts';
import type { GroupRecord, SeenPool } from './tiers.ts';

export type PlaceOfJob =
  | { readonly kind: 'idle' }
  | { readonly kind: 'spot'; readonly pool: string }
  | { readonly kind: 'on-demand'; readonly region: string };

/** A job that may run in one of several Spot pools, on-demand in one of several regions, or wait. */
export interface JobInPools extends Deadline {
  /**
   * Whether it is checked every tick, and may wait. A job that may not wait runs all the time and is checked only now
   * and then. It gets no Spot instance that it could not afford to lose.
   */
  readonly canIdle: boolean;
  readonly place: PlaceOfJob;
  /** What is left of the last launch's overhead, in seconds. */
  readonly overheadLeft: number;
  /** Region of the last launch; `null` before the first. */
  readonly region: string | null;
  /** USD that a launch in another region costs. */
  readonly regionMove: number;
  readonly regions: readonly { readonly id: string; readonly onDemandPrice: number }[];
  readonly pools: readonly SeenPool[];
  readonly group: GroupRecord;
}

/** USD that moving to a region costs. */
export const moveTo = (region: string, job: Pick<JobInPools, 'region' | 'regionMove'>) =>
  job.region === null || job.region === region ? 0 : job.regionMove;

/** On-demand in the region where finishing the job costs least. */
export interface OnDemand {
  readonly place: Extract<PlaceOfJob, { kind: 'on-demand' }>;
  /** USD per hour. */
  readonly price: number;
  /** USD to move there. */
  readonly move: number;
}

/** A job that is already on-demand stays where it is. */
export function cheapestOnDemand(job: JobInPools): OnDemand {
  const { place, regions, workLeft, overhead } = job;
  const hours = (workLeft + overhead) / 3600;
  const here = place.kind === 'on-demand' ? place.region : undefined;
  const all = regions
    .filter(({ id }) => here === undefined || id === here)
    .map(({ id, onDemandPrice: price }) => {
      const move = moveTo(id, job);
      return { place: { kind: 'on-demand', region: id } as const, price, move, total: price * hours + move };
    });
  return all.reduce((best, one) => (one.total < best.total ? one : best));
}
