/** What a run of a job costs, or an answer. */
export interface Cost {
  readonly calls: number;
  readonly rows: number;
  readonly seconds: number;
  readonly changed: number;
}
