import type { Db } from '../../../functions/shared/db.ts';
import type { Clock } from '../../../local/clock.ts';

/** An HTTP response and what it cost. */
export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts on it, which is its type check.
  readonly body: any;
  /** Data API calls; NaN if the response does not say. */
  readonly calls: number;
  readonly headers: Headers;
}

export interface RequestOptions {
  readonly token?: string;
  readonly body?: unknown;
  /** A body that is sent as is. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
}

export interface Tenant {
  readonly id: string;
  readonly name: string;
  readonly token: string;
}

/** What a test instance needs of its control plane. */
export interface Api {
  readonly clock: Clock;
  /** For what a test reads or writes in the database directly. */
  readonly db: Db;
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
}

/** Sends one request to the control plane at `url`. A response that is not JSON has its text as body. */
export async function send(
  url: string,
  method: string,
  path: string,
  { token, body, raw, headers }: RequestOptions = {},
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === '' ? undefined : parse(text),
    calls: Number(response.headers.get('x-data-api-calls') ?? Number.NaN),
    headers: response.headers,
  };
}

function parse(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
