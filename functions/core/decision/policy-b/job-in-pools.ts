import type { Deadline } from './safety-net.ts';
import type { GroupRecord, SeenPool } from './tiers.ts';

export type PlaceOfJob =
  | { readonly kind: 'idle' }
  | { readonly kind: 'spot'; readonly pool: string }
  | { readonly kind: 'on-demand'; readonly region: string };

/** A job that may run in one of several Spot pools, on-demand in one of several regions, or wait. */
export interface JobInPools extends Deadline {
  /**
   * Whether it is watched tick by tick, and may wait. One that may not runs all the time, and is looked at now and then: it is
   * given no Spot instance that it could not afford to lose.
   */
  readonly canIdle: boolean;
  readonly place: PlaceOfJob;
  /** What is left of the overhead of the launch it came from, in seconds. */
  readonly overheadLeft: number;
  /** Of the last launch; `null` before the first. */
  readonly region: string | null;
  /** USD for a launch in another region. */
  readonly regionMove: number;
  readonly regions: readonly { readonly id: string; readonly onDemandPrice: number }[];
  readonly pools: readonly SeenPool[];
  readonly group: GroupRecord;
}

/** USD to launch in a region. */
export const moveTo = (region: string, job: Pick<JobInPools, 'region' | 'regionMove'>) =>
  job.region === null || job.region === region ? 0 : job.regionMove;

/** On-demand where it costs least to finish the job. */
export interface OnDemand {
  readonly place: Extract<PlaceOfJob, { kind: 'on-demand' }>;
  /** USD per hour. */
  readonly price: number;
  /** USD to go there. */
  readonly move: number;
}

/** A job that is on-demand stays where it is. */
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
