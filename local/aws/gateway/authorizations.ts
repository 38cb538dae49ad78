/** A simple response of a Lambda authorizer. */
export interface Authorization {
  isAuthorized: boolean;
  context?: unknown;
}

export const isAuthorization = (answer: unknown): answer is Authorization =>
  typeof (answer as Authorization | null)?.isAuthorized === 'boolean';

/**
 * Caches the authorizer's responses by identity source alone: what it allows one route, it allows all (protocol 1.2).
 */
export class Authorizations {
  static readonly #max = 10_000;
  readonly #ttlMs: number;
  readonly #monotonic: () => number;
  readonly #kept = new Map<string, { authorization: Authorization; until: number }>();

  constructor(ttlMs: number, monotonic: () => number) {
    this.#ttlMs = ttlMs;
    this.#monotonic = monotonic;
  }

  find(identity: string): Authorization | undefined {
    const kept = this.#kept.get(identity);
    return kept && this.#monotonic() < kept.until ? kept.authorization : undefined;
  }

  keep(identity: string, authorization: Authorization): void {
    this.#kept.delete(identity); // so that the map stays in the order of expiry
    this.#kept.set(identity, { authorization, until: this.#monotonic() + this.#ttlMs });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > Authorizations.#max) this.#kept.delete(oldest!);
  }

  forget(): void {
    this.#kept.clear();
  }
}
