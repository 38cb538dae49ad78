import { type PolicyBConfig, tick } from './config.ts';

/** Where a job is, as far as its value depends on it. */
export const modes = { idle: 0, spot: 1, onDemand: 2 } as const;
export type Mode = (typeof modes)[keyof typeof modes];

/** What a job's value depends on. */
export interface JobKind {
  /** The Spot price divided by the on-demand price. */
  readonly spotShare: number;
  /** Work that a launch adds, in ticks. */
  readonly overhead: number;
  /** The most work, and the most time to spare beyond it, that a table covers, in ticks. */
  readonly work: number;
  readonly slack: number;
  /** Whether the job may wait. One that may not runs in every tick: if it loses its pool, it is relaunched at once. */
  readonly canIdle: boolean;
}

/** For one pool: the chance that its spell ends in a tick, by phase. */
export interface TickHazards {
  readonly up: readonly number[];
  readonly down: readonly number[];
}

/** Each mode has four phases up and four down. A job in Spot is in a pool that is up, so 8 + 8 + 4. */
const states = 20;
/** Idle: 0-3 up, 4-7 down. On-demand: 8-11 up, 12-15 down. Spot: 16-19. */
export const stateOf = (mode: Mode, isUp: boolean, phase: number): number =>
  mode === modes.spot ? 16 + phase : (mode === modes.onDemand ? 8 : 0) + (isUp ? 0 : 4) + phase;

/** Values are kept down to this many ticks less time than work. */
const deficit = 5;

/**
 * The expected cost of finishing a job, in on-demand ticks, by the work and time left and by the state of its pool.
 * Dynamic programming: in each tick the job idles, runs on Spot or runs on-demand, and a launch adds work.
 */
export class ValueTable {
  readonly #values: Float32Array;
  readonly #width: number;
  readonly #slacks: number;
  readonly #missed: number;

  constructor(kind: JobKind, hazards: TickHazards, { ageing, missed }: Pick<PolicyBConfig, 'ageing' | 'missed'>) {
    this.#width = kind.work + 1;
    this.#slacks = kind.slack + deficit + 1;
    this.#missed = missed;
    this.#values = new Float32Array(this.#slacks * this.#width * states);
    this.#solve(kind, hazards, ageing);
  }

  get bytes(): number {
    return this.#values.byteLength;
  }

  /**
   * @param time the time left, in ticks
   * @param work the work left, in ticks
   */
  at(time: number, work: number, state: number): number {
    if (work <= 0) return 0;
    const t = Math.max(0, time);
    const t0 = Math.floor(t);
    const w0 = Math.floor(work);
    const [ft, fw] = [t - t0, work - w0];
    const early = (1 - fw) * this.#at(t0, w0, state) + fw * this.#at(t0, w0 + 1, state);
    if (ft === 0) return early;
    return (1 - ft) * early + ft * ((1 - fw) * this.#at(t0 + 1, w0, state) + fw * this.#at(t0 + 1, w0 + 1, state));
  }

  #at(time: number, work: number, state: number): number {
    if (work === 0) return 0;
    const slack = time - work;
    // With even less time, the job runs on-demand for all of it and misses the rest.
    if (slack < -deficit) return this.#missed * -slack + time;
    const s = Math.min(slack, this.#slacks - 1 - deficit) + deficit;
    return this.#values[(s * this.#width + Math.min(work, this.#width - 1)) * states + state]!;
  }

  #solve({ spotShare, overhead, canIdle }: JobKind, { up, down }: TickHazards, ageing: readonly number[]): void {
    const width = this.#width;
    const depth = Math.ceil(overhead) + 2;
    /** Expected values of the next tick, for the newest rows of slack, by the current state. */
    const expected = Array.from({ length: depth + 1 }, () => new Float64Array((width + depth) * states));
    const row = (slack: number) => expected[(slack + deficit + (depth + 1) * 8) % (depth + 1)]!;
    for (let slack = -deficit; slack < this.#slacks - deficit; slack += 1) {
      for (let work = 1; work < width + depth; work += 1) {
        const time = work + slack;
        const out = work * states;
        const here = row(slack);
        if (work >= width) {
          here.copyWithin(out, (width - 1) * states, width * states);
          continue;
        }
        const at = ((slack + deficit) * width + work) * states;
        if (time <= 0) this.#values.fill(this.#missed * work, at, at + states);
        else this.#decide(at, work, slack, row, { spotShare, overhead, canIdle });
        expect(this.#values, at, here, out, up, down, ageing);
      }
    }
  }

  /** Sets the values of one point, by state: the least over idling, Spot and on-demand. */
  #decide(
    at: number,
    work: number,
    slack: number,
    row: (slack: number) => Float64Array,
    { spotShare, overhead, canIdle }: Pick<JobKind, 'spotShare' | 'overhead' | 'canIdle'>,
  ): void {
    const continued = row(slack);
    const run = (work - 1) * states;
    const idled = slack > -deficit ? row(slack - 1) : undefined;
    const idle = work * states;
    // A launch leads to a point between two amounts of work, with one tick less of time.
    const launchWork = work - 1 + overhead;
    const w = Math.floor(launchWork);
    const share = launchWork - w;
    const slackOf = (launched: number) => work + slack - 1 - launched;
    const rowOf = (launched: number) => (slackOf(launched) >= -deficit ? row(slackOf(launched)) : undefined);
    const [low, high] = [rowOf(w), rowOf(w + 1)];
    const late = (launched: number) => this.#missed * -slackOf(launched) + work + slack - 1;
    const launched = (state: number) =>
      (1 - share) * (low ? low[w * states + state]! : late(w)) +
      share * (high ? high[(w + 1) * states + state]! : late(w + 1));
    for (let phase = 0; phase < 8; phase += 1) {
      const onDemand = 8 + phase;
      const waits = !canIdle
        ? Number.POSITIVE_INFINITY
        : idled
          ? idled[idle + phase]!
          : this.#missed * (deficit + 1) + work + slack - 1;
      const startsOnDemand = 1 + launched(onDemand);
      const startsSpot = phase < 4 ? spotShare + launched(16 + phase) : Number.POSITIVE_INFINITY;
      const staysOnDemand = 1 + continued[run + onDemand]!;
      this.#values[at + phase] = Math.min(waits, startsOnDemand, startsSpot);
      this.#values[at + onDemand] = Math.min(waits, staysOnDemand, startsSpot);
      if (phase < 4)
        this.#values[at + 16 + phase] = Math.min(waits, startsOnDemand, spotShare + continued[run + 16 + phase]!);
    }
  }
}

/** Turns the values of one point into the values expected a tick earlier, by the state at that time. */
function expect(
  values: Float32Array,
  at: number,
  out: Float64Array,
  to: number,
  up: readonly number[],
  down: readonly number[],
  ageing: readonly number[],
): void {
  for (let phase = 0; phase < 4; phase += 1) {
    const older = Math.min(phase + 1, 3);
    const [u, d, older_] = [up[phase]!, down[phase]!, ageing[phase]!];
    const stays = (base: number) => (1 - older_) * values[at + base + phase]! + older_ * values[at + base + older]!;
    for (const base of [0, 8]) {
      out[to + base + phase] = (1 - u) * stays(base) + u * values[at + base + 4]!;
      out[to + base + 4 + phase] = (1 - d) * stays(base + 4) + d * values[at + base]!;
    }
    // A job that loses its pool idles.
    out[to + 16 + phase] = (1 - u) * stays(16) + u * values[at + 4]!;
  }
}

export const ticks = (seconds: number) => seconds / tick;
