import type { Job, JobWorld } from './job-world.ts';

/**
 * The least that a job can cost with knowledge of the future, in USD. Dynamic programming over the tick, the job's
 * place and the work done, in units that divide both tick and overhead. All moves are allowed.
 */
export function omniscientJob(world: JobWorld, job: Job, unit: number): number {
  return new JobBound(world, job, unit).solve();
}

/** Costs by work done. The first entries stand for negative work, which is overhead still owed to a launch. */
type Costs = Float64Array<ArrayBuffer>;
const impossible = 1e15;

class JobBound {
  readonly #world: JobWorld;
  readonly #job: Job;
  readonly #size: number;
  /** Units of work in a tick (`#gain`) and in the overhead of a launch (`#launch`). */
  readonly #gain: number;
  readonly #launch: number;

  constructor(world: JobWorld, job: Job, unit: number) {
    this.#world = world;
    this.#job = job;
    this.#gain = Math.round(world.tickSeconds / unit);
    this.#launch = Math.round(job.overhead / unit);
    this.#size = Math.ceil(job.work / unit) + 1 + this.#launch;
  }

  solve(): number {
    const { pools, regions, tickSeconds, regionMove } = this.#world;
    const hours = tickSeconds / 3600;
    const ticks = Math.floor(this.#job.deadline / tickSeconds);
    // Before its first launch a job has no region.
    const first = this.#none();
    first[this.#launch] = 0;
    const idle = regions.map(this.#none);
    const onDemand = regions.map(this.#none);
    const spot = pools.map(this.#none);
    const source = regions.map(this.#none);
    const next = this.#none();
    for (let tick = 0; tick < ticks; tick += 1) {
      const at = this.#job.start + tick;
      const range = this.#range(tick, ticks);
      for (let region = 0; region < regions.length; region += 1) {
        takeLess(idle[region]!, onDemand[region]!, range);
        for (const [pool, costs] of spot.entries())
          if (pools[pool]!.region === region) takeLess(idle[region]!, costs, range);
      }
      this.#findSources(source, idle, first, regionMove, range);
      for (const [pool, costs] of spot.entries()) {
        const { up, prices, region } = pools[pool]!;
        if (up[at]) this.#run(costs, source[region]!, prices[at]! * hours, range, next);
        else costs.fill(impossible);
      }
      for (const [region, costs] of onDemand.entries())
        this.#run(costs, source[region]!, regions[region]!.onDemandPrice * hours, range, next);
    }
    return Math.min(...[first, ...idle, ...spot, ...onDemand].map((costs) => costs[this.#size - 1]!));
  }

  #none = () => new Float64Array(this.#size).fill(impossible);

  /** The least cost of being ready to launch in each region. */
  #findSources(source: Costs[], idle: readonly Costs[], first: Costs, regionMove: number, { from, to }: Range): void {
    for (let done = from; done <= to; done += 1) {
      let anywhere = impossible;
      for (const costs of idle) if (costs[done]! < anywhere) anywhere = costs[done]!;
      const moved = Math.min(anywhere + regionMove, first[done]!);
      for (let region = 0; region < source.length; region += 1)
        source[region]![done] = Math.min(idle[region]![done]!, moved);
    }
  }

  /** One tick of running, continued or newly launched. Work beyond the job's end counts in the last entry. */
  #run(running: Costs, source: Costs, price: number, range: Range, next: Costs): void {
    const last = this.#size - 1;
    const gain = this.#gain;
    const behind = this.#launch - gain;
    const reach = Math.min(last, range.to + gain);
    const low = Math.min(range.from + gain, last);
    for (let to = low; to <= reach; to += 1) {
      const on = running[to - gain]!;
      const launched = to + behind <= range.to ? source[to + behind]! : impossible;
      next[to] = (on < launched ? on : launched) + price;
    }
    if (reach === last)
      for (let from = last - gain; from <= last; from += 1) next[last] = Math.min(next[last]!, running[from]! + price);
    // Entries that only a new launch can reach.
    for (let to = range.from; to < low; to += 1)
      next[to] = (to + behind <= range.to ? source[to + behind]! : impossible) + price;
    for (let to = range.from; to <= reach; to += 1) running[to] = next[to]!;
  }

  /** From the least work that must be done by a tick to meet the deadline, to the most that can be. */
  #range(tick: number, ticks: number): Range {
    const last = this.#size - 1;
    return {
      from: Math.max(0, last - (ticks - tick) * this.#gain),
      to: Math.min(last, this.#launch + tick * this.#gain),
    };
  }
}

interface Range {
  readonly from: number;
  readonly to: number;
}

function takeLess(into: Costs, other: Costs, { from, to }: Range): void {
  for (let done = from; done <= to; done += 1) if (other[done]! < into[done]!) into[done] = other[done]!;
}
