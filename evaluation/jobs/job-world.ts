/** Pools that a job may run in, recorded in ticks. Prices are USD per instance-hour. */
export interface JobWorld {
  readonly tickSeconds: number;
  readonly ticks: number;
  readonly pools: readonly JobPool[];
  readonly regions: readonly { readonly name: string; readonly onDemandPrice: number }[];
  /** USD for a launch in another region than the last one. */
  readonly regionMove: number;
}

export interface JobPool {
  readonly id: string;
  /** Index of its region. */
  readonly region: number;
  readonly up: Uint8Array;
  readonly prices: Float64Array;
}

/** Times and work are in seconds. */
export interface Job {
  /** The tick in which it begins. */
  readonly start: number;
  readonly work: number;
  readonly deadline: number;
  /** Work that each launch adds. */
  readonly overhead: number;
}

export type JobPlace =
  | { readonly kind: 'idle' }
  | { readonly kind: 'spot'; readonly pool: number }
  | { readonly kind: 'on-demand'; readonly region: number };

/** What a policy sees in one tick. It has no way to look ahead. */
export interface JobSight {
  /** Seconds since the job began. */
  readonly elapsed: number;
  readonly done: number;
  readonly overheadLeft: number;
  readonly place: JobPlace;
  /** The region of the last launch; `null` before the first. */
  readonly region: number | null;
  /** Whether a pool is up; `undefined` where the job cannot see it. */
  isUp(pool: number): boolean | undefined;
  price(pool: number): number;
}

/** What a job does in a tick: a wish for a pool that is down leaves it idle. */
export type JobPolicy = (sight: JobSight) => JobPlace;

export const idle: JobPlace = { kind: 'idle' };
