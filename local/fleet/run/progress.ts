/** Makes the progress line; called only when the line is shown. */
export type Line = () => string;

const showEveryMs = { terminal: 200, other: 10_000 };

/** Shows progress: one line that is overwritten on a terminal, a new line every ten seconds elsewhere. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  #shownAt = performance.now();
  #onLine = false;

  constructor(out: NodeJS.WriteStream = process.stderr) {
    this.#out = out;
  }

  show(line: Line): void {
    const now = performance.now();
    if (now - this.#shownAt < (this.#out.isTTY ? showEveryMs.terminal : showEveryMs.other)) return;
    this.#shownAt = now;
    this.#out.write(this.#out.isTTY ? `\r\x1b[K${line().slice(0, this.#out.columns - 1)}` : `${line()}\n`);
    this.#onLine = this.#out.isTTY;
  }

  /** Clears the line. */
  end(): void {
    if (this.#onLine) this.#out.write('\r\x1b[K');
    this.#onLine = false;
  }
}
