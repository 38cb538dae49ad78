/** Counts what happened in a world, to check that enough happens in it. */
export class Tally {
  readonly #counts = new Map<string, number>();
  count = (what: string, n = 1) => this.#counts.set(what, (this.#counts.get(what) ?? 0) + n);
  of = (what: string) => this.#counts.get(what) ?? 0;
  add(other: Tally) {
    for (const [what, n] of other.#counts) this.count(what, n);
  }
  toString = () =>
    [...this.#counts]
      .sort()
      .map(([what, n]) => `${what} ${n}`)
      .join(', ');
}
