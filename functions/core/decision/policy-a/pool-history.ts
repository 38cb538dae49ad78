import type { Availability, PoolHistory } from './input.ts';

const windowHours = { hour: 1, day: 24, week: 168 } as const;

/** A tracker's state as JSON. Counts are numbers of periods. */
export interface PoolRecord {
  readonly last: Availability;
  readonly up: number;
  readonly down: number;
  readonly previousUp: number | null;
  readonly downBefore: number;
  readonly unseen: number;
  /** The newest week, oldest period first, four periods per byte, in base64; read by `periodsOf`. */
  readonly recent: string;
}

/** Whether a stored value is what `record()` returns. A record of anything else would give a model features that mean nothing. */
export function isPoolRecord(value: unknown, periodSeconds: number): value is PoolRecord {
  const { last, up, down, previousUp, downBefore, unseen, recent } = (value ?? {}) as Record<string, unknown>;
  const isCount = (count: unknown) => Number.isSafeInteger(count) && (count as number) >= 0;
  const mostBytes = Math.ceil((windowHours.week * 3600) / periodSeconds / 4);
  return (
    (availabilities as readonly unknown[]).includes(last) &&
    [up, down, downBefore, unseen].every(isCount) &&
    (previousUp === null || isCount(previousUp)) &&
    typeof recent === 'string' &&
    Buffer.from(recent, 'base64').toString('base64') === recent &&
    Buffer.byteLength(recent, 'base64') <= mostBytes
  );
}

/**
 * Builds a pool's history from observations, period by period, oldest first. An unknown period is neither uptime nor a
 * loss, and leaves the spell before it open.
 */
export class PoolHistoryTracker {
  readonly #hours: number;
  readonly #recent: RecentPeriods;
  #last: Availability = 'unknown';
  #up = 0;
  #down = 0;
  #previousUp: number | null = null;
  #downBefore = 0;
  #unseen = 0;

  /**
   * @param periodSeconds the length of an observation period; windows are whole numbers of periods
   * @param record of a tracker with the same period length, to continue from
   */
  constructor(periodSeconds: number, record?: PoolRecord) {
    this.#hours = periodSeconds / 3600;
    this.#recent = new RecentPeriods(
      Object.values(windowHours).map((hours) => Math.max(1, Math.ceil(hours / this.#hours - 0.5))),
    );
    if (!record) return;
    this.#recent.restore(record.recent);
    this.#last = record.last;
    this.#up = record.up;
    this.#down = record.down;
    this.#previousUp = record.previousUp;
    this.#downBefore = record.downBefore;
    this.#unseen = record.unseen;
  }

  observe(availability: Availability): void {
    const isUp = availability === 'up';
    this.#recent.push(codeOf(availability, this.#last));
    if (availability === 'unknown') {
      this.#unseen += 1;
      return;
    }
    this.#unseen = 0;
    if (isUp) {
      if (this.#up === 0) this.#downBefore = this.#down;
      this.#up += 1;
      this.#down = 0;
    } else {
      if (this.#up > 0) this.#previousUp = this.#up;
      this.#up = 0;
      this.#down += 1;
    }
    this.#last = availability;
  }

  history(): PoolHistory {
    const [hour, day, week] = this.#recent.counts as [Counts, Counts, Counts];
    return {
      drops1h: hour.drops,
      drops24h: day.drops,
      drops7d: week.drops,
      upHours24h: day.up * this.#hours,
      upHours7d: week.up * this.#hours,
      upHours: this.#up * this.#hours,
      previousUpHours: this.#previousUp === null ? null : this.#previousUp * this.#hours,
      downHoursBefore: (this.#up > 0 ? this.#downBefore : this.#down) * this.#hours,
      unseenHours: this.#unseen * this.#hours,
    };
  }

  /** The share of the last 24 h in which the pool was observed. */
  observedShare(): number {
    return (this.#recent.counts[1]!.observed * this.#hours) / windowHours.day;
  }

  record(): PoolRecord {
    return {
      last: this.#last,
      up: this.#up,
      down: this.#down,
      previousUp: this.#previousUp,
      downBefore: this.#downBefore,
      unseen: this.#unseen,
      recent: this.#recent.packed(),
    };
  }
}

/** A period in two bits. `lost` is the first period down after one that was up. */
const codes = { unknown: 0, up: 1, lost: 2, down: 3 } as const;
const availabilities = ['unknown', 'up', 'down', 'down'] as const satisfies readonly Availability[];

const codeOf = (availability: Availability, last: Availability) =>
  availability === 'down' && last === 'up' ? codes.lost : codes[availability];

function* unpacked(packed: string, total: number): Iterable<number> {
  const bytes = Buffer.from(packed, 'base64');
  for (let n = 0; n < total; n += 1) yield ((bytes[n >> 2] ?? 0) >> (2 * (n & 3))) & 3;
}

/** A pool's availability in each period of the newest week, oldest first. */
export const periodsOf = ({ recent }: Pick<PoolRecord, 'recent'>): Availability[] =>
  Array.from(unpacked(recent, Buffer.from(recent, 'base64').length * 4), (code) => availabilities[code]!);

interface Counts {
  observed: number;
  up: number;
  drops: number;
}

/** The newest periods, with counts over several windows of them, the longest window last. */
class RecentPeriods {
  readonly counts: readonly Counts[];
  readonly #lengths: readonly number[];
  /** Values of `codes`. */
  readonly #periods: Uint8Array;
  #next = 0;

  constructor(lengths: readonly number[]) {
    this.#lengths = lengths;
    this.counts = lengths.map(() => ({ observed: 0, up: 0, drops: 0 }));
    this.#periods = new Uint8Array(lengths.at(-1)!);
  }

  push(code: number): void {
    const total = this.#periods.length;
    for (const [window, length] of this.#lengths.entries()) {
      const leaves = this.#periods[(this.#next - length + total) % total]!;
      const counts = this.counts[window]!;
      counts.observed += Number(code !== codes.unknown) - Number(leaves !== codes.unknown);
      counts.up += Number(code === codes.up) - Number(leaves === codes.up);
      counts.drops += Number(code === codes.lost) - Number(leaves === codes.lost);
    }
    this.#periods[this.#next] = code;
    this.#next = (this.#next + 1) % total;
  }

  packed(): string {
    const total = this.#periods.length;
    const bytes = new Uint8Array(Math.ceil(total / 4));
    for (let n = 0; n < total; n += 1) bytes[n >> 2]! |= this.#periods[(this.#next + n) % total]! << (2 * (n & 3));
    return Buffer.from(bytes).toString('base64');
  }

  restore(packed: string): void {
    for (const code of unpacked(packed, this.#periods.length)) this.push(code);
  }
}
