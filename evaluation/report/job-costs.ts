import { jobBound, onDemandAlone } from '../jobs/line-up.ts';
import type { JobRow } from '../run/rows.ts';
import { mean } from './statistics.ts';

/** The costs of one set's jobs. Without hours, those of all deadlines. */
export class JobCosts {
  readonly deadlines: readonly number[];
  readonly policies: readonly string[];
  readonly #rows: readonly JobRow[];

  constructor(rows: readonly JobRow[]) {
    this.deadlines = [...new Set(rows.map(({ hours }) => hours))].sort((a, b) => a - b);
    this.policies = [...new Set(rows.map(({ policy }) => policy))];
    this.#rows = rows;
  }

  mean(policy: string, hours?: number): number {
    const played = this.#rows.filter((row) => row.policy === policy && (hours === undefined || row.hours === hours));
    return mean(played.flatMap(({ costs }) => costs));
  }

  relative = (policy: string, hours: number) => this.mean(policy, hours) / this.mean(onDemandAlone, hours);

  /** The share of the possible savings that a policy achieves. */
  gap(policy: string, hours?: number): number {
    const alone = this.mean(onDemandAlone, hours);
    return (alone - this.mean(policy, hours)) / (alone - this.mean(jobBound, hours));
  }
}
