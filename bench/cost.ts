/** The cost of one job run or one request. `rows` are rows that the database read. */
export interface Cost {
  readonly calls: number;
  readonly rows: number;
  readonly seconds: number;
  readonly changed: number;
}
