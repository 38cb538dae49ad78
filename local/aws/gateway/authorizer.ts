import { late, orLate } from '../late.ts';
import { type Authorization, Authorizations, isAuthorization } from './authorizations.ts';
import { authorizerEvent, type RequestEvent } from './events.ts';

export interface AuthorizerOptions {
  /** Runs the Lambda authorizer on a REQUEST event of version 2.0. */
  authorize(event: unknown): Promise<unknown>;
  timeoutMs: number;
  /** How long a response is cached; 0: not at all. */
  ttlMs: number;
  /** A monotonic clock in milliseconds, by which cached responses expire. */
  monotonic: () => number;
}

/** Asks the Lambda authorizer who is calling, and caches its responses. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #kept: Authorizations;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
    this.#kept = new Authorizations(options.ttlMs, options.monotonic);
  }

  /** @returns undefined if the authorizer failed; that is not cached, so the next request asks it again */
  async authorizationOf(event: RequestEvent, identity: string): Promise<Authorization | undefined> {
    return this.#kept.find(identity) ?? (await this.#ask(event, identity));
  }

  forget(): void {
    this.#kept.forget();
  }

  async #ask(event: RequestEvent, identity: string): Promise<Authorization | undefined> {
    const { authorize, timeoutMs } = this.#options;
    try {
      const answer = await orLate(timeoutMs, () => authorize(authorizerEvent(event, identity)));
      if (answer === late) throw new Error(`no answer within ${timeoutMs / 1000} s`);
      if (!isAuthorization(answer)) throw new Error(`not a simple response: ${JSON.stringify(answer)}`);
      this.#kept.keep(identity, answer);
      return answer;
    } catch (error) {
      console.error(`${event.routeKey}: the authorizer failed:`, error);
      return undefined;
    }
  }
}
