/** What of a data folder is not played, and why. */
export class NotPlayed {
  readonly #names = new Map<string, Set<string>>();

  /** @param name what is not played; none if the reason says it */
  add(reason: string, name?: string): void {
    const names = this.#names.get(reason) ?? new Set();
    if (name !== undefined) names.add(name);
    this.#names.set(reason, names);
  }

  /** One line for each reason. */
  lines(): string[] {
    return [...this.#names].map(([reason, names]) => [reason, [...names].join(', ')].filter(Boolean).join(': '));
  }
}
