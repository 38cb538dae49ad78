import type { ServiceResult } from '../../functions/core/backtest/simulator/ledger.ts';
import type { Folder } from '../data/data-folder.ts';
import type { Bound } from '../service/omniscient.ts';
import type { ProfileName } from '../service/profile.ts';
import type { StandbyResult } from '../standbys/play-standbys.ts';

/** The results of one policy, or of a bound, on one group. */
export interface ServiceRow {
  readonly kind: 'service';
  readonly set: Folder;
  readonly group: string;
  readonly profile: ProfileName;
  readonly days: number;
  readonly policy: string;
  /** One result for each variant of the policy. */
  readonly results: readonly (ServiceResult | Bound)[];
}

/** The results of one policy, or of the bound, on the jobs with one deadline. */
export interface JobRow {
  readonly kind: 'jobs';
  /** `one pool`, or the name of a set of pools. */
  readonly set: string;
  readonly hours: number;
  readonly policy: string;
  /** With one pool, relative to the on-demand cost; with several, in USD. */
  readonly costs: readonly number[];
  readonly misses: number;
  readonly launches: number;
  readonly onDemandHours: number;
}

/** The results of one way to place standbys on one group. */
export interface StandbyRow {
  readonly kind: 'standbys';
  readonly group: string;
  readonly policy: string;
  readonly result: StandbyResult;
}

export type Row = ServiceRow | JobRow | StandbyRow;
