/**
 * Draws the same job starts as the golden results, which used numpy's `default_rng(7).integers`: PCG64 with Lemire's
 * bounded integers on 32 bits. No package produces this sequence.
 */
export class RecordedStarts {
  /** The generator's state after numpy seeds it with 7. */
  #state = 0x9d0aecc4e7b188919ae2415a6b292038n;
  #half: bigint | undefined;

  /** @returns `count` integers from 0 up to but excluding `below` */
  draw(count: number, below: number): number[] {
    return Array.from({ length: count }, () => this.#below(BigInt(below)));
  }

  #below(bound: bigint): number {
    const threshold = (mask32 + 1n - bound) % bound;
    let product = this.#next32() * bound;
    while ((product & mask32) < threshold) product = this.#next32() * bound;
    return Number(product >> 32n);
  }

  /** Returns the low half of a 64-bit draw; the next call returns the high half. */
  #next32(): bigint {
    const kept = this.#half;
    if (kept !== undefined) {
      this.#half = undefined;
      return kept;
    }
    const drawn = this.#next64();
    this.#half = drawn >> 32n;
    return drawn & mask32;
  }

  #next64(): bigint {
    this.#state = (this.#state * multiplier + increment) & mask128;
    const folded = (this.#state >> 64n) ^ (this.#state & mask64);
    const turn = this.#state >> 122n;
    return ((folded >> turn) | (folded << (64n - turn))) & mask64;
  }
}

const mask32 = 0xffffffffn;
const mask64 = 0xffffffffffffffffn;
const mask128 = (1n << 128n) - 1n;
const multiplier = 0x2360ed051fc65da44385df649fccf645n;
const increment = 0xc4751896ce8acebf66887f5ac070d959n;
