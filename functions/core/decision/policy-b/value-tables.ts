import { mostHazard, type Phases, type PolicyBConfig } from './config.ts';
import { TableCache } from './table-cache.ts';
import { type JobKind, ValueTable } from './value-table.ts';

/** A table and its weight. */
export type Weighted = readonly [weight: number, table: ValueTable];

/** The value tables of one kind of job, for pools of different stability. Each is computed when it is first needed. */
export class ValueTables {
  readonly #kind: JobKind;
  readonly #config: PolicyBConfig;
  readonly #cache: TableCache;
  readonly #key: string;

  /** @param cache may also hold the tables of other kinds of jobs */
  constructor(kind: JobKind, config: PolicyBConfig, cache = new TableCache(Number.POSITIVE_INFINITY)) {
    this.#kind = kind;
    this.#config = config;
    this.#cache = cache;
    this.#key = JSON.stringify(kind);
  }

  /** The four tables around a pool whose spells end at these multiples of the fitted hazards, with their weights. */
  around(upMultiple: number, downMultiple: number): Weighted[] {
    const { multiples } = this.#config;
    const [up, upShare] = place(upMultiple, multiples.up);
    const [down, downShare] = place(downMultiple, multiples.down);
    const corners = [
      [up, down, (1 - upShare) * (1 - downShare)],
      [up, down + 1, (1 - upShare) * downShare],
      [up + 1, down, upShare * (1 - downShare)],
      [up + 1, down + 1, upShare * downShare],
    ] as const;
    return corners.filter(([, , weight]) => weight > 0).map(([u, d, weight]) => [weight, this.#table(u, d)]);
  }

  #table(up: number, down: number): ValueTable {
    const { hazards, multiples } = this.#config;
    const chances = () => ({
      up: times(hazards.up, multiples.up[up]!),
      down: times(hazards.down, multiples.down[down]!),
    });
    return this.#cache.get(`${this.#key} ${up} ${down}`, () => new ValueTable(this.#kind, chances(), this.#config));
  }
}

/** Spot shares that round to the same multiple of this use the same tables. */
const shareStep = 0.02;

/** The tables of jobs that differ only in their Spot share. */
export function tablesByShare(
  kind: Omit<JobKind, 'spotShare'>,
  config: PolicyBConfig,
  cache?: TableCache,
): (spotShare: number) => ValueTables {
  const known = new Map<number, ValueTables>();
  return (share) => {
    const step = Math.round(share / shareStep);
    const tables = known.get(step) ?? new ValueTables({ ...kind, spotShare: step * shareStep }, config, cache);
    known.set(step, tables);
    return tables;
  };
}

const times = (hazards: Phases, multiple: number) => hazards.map((hazard) => Math.min(mostHazard, hazard * multiple));

/** Between which two points of a geometric grid a value lies, and how far along; clamped to the ends of the grid. */
function place(value: number, grid: readonly number[]): [index: number, share: number] {
  const above = grid.findIndex((point, index) => index > 0 && point >= value);
  const index = (above === -1 ? grid.length - 1 : above) - 1;
  const [low, high] = [Math.log(grid[index]!), Math.log(grid[index + 1]!)];
  return [index, Math.min(1, Math.max(0, (Math.log(value) - low) / (high - low)))];
}
