/** The pools that a job may run in, recorded tick by tick. Prices are in USD per instance-hour. */
export interface JobWorld {
  readonly tickSeconds: number;
  readonly ticks: number;
  readonly pools: readonly JobPool[];
  readonly regions: readonly { readonly name: string; readonly onDemandPrice: number }[];
  /** USD for a launch in a different region than the last one. */
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
  /** Extra work that each launch adds. */
  readonly overhead: number;
}

export type JobPlace =
  | { readonly kind: 'idle' }
  | { readonly kind: 'spot'; readonly pool: number }
  | { readonly kind: 'on-demand'; readonly region: number };

/** What a policy sees in one tick. It cannot look ahead. */
export interface JobSight {
  /** Seconds since the job began. */
  readonly elapsed: number;
  readonly done: number;
  readonly overheadLeft: number;
  readonly place: JobPlace;
  /** The region of the last launch; `null` before the first. */
  readonly region: number | null;
  /** Whether a pool is up; `undefined` if the job cannot see it. */
  isUp(pool: number): boolean | undefined;
  price(pool: number): number;
}

/** Chooses where a job runs in a tick. Choosing a pool that is down leaves the job idle. */
export type JobPolicy = (sight: JobSight) => JobPlace;

export const idle: JobPlace = { kind: 'idle' };
