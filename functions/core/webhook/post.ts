import { Resolver } from 'node:dns/promises';
import { type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { hostOf, isReachable, problemOf, type Reach } from './addresses.ts';

/** Returns all addresses of a name. It must end when the signal aborts. */
export type Resolve = (host: string, signal: AbortSignal) => Promise<readonly string[]>;

export interface PostRules extends Reach {
  /** For everything: the name, the connection, the response. */
  readonly deadlineMs: number;
  readonly resolve?: Resolve;
  /** Which addresses may be connected to; `isReachable` when absent. */
  readonly admits?: (address: string) => boolean;
}

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The outcome of sending a message to a receiver. */
export interface Outcome {
  /** The status of the receiver's response; `null` if there was none. */
  readonly status: number | null;
  readonly milliseconds: number;
  /** For the tenant; `null` if the receiver accepted the message, which a status of 2xx says. */
  readonly error: string | null;
}

/** How much of a response is read; we do not use its content. */
const mostBodyBytes = 4096;
const mostHeaderBytes = 8192;

class Refused extends Error {}

/**
 * Posts a message to a URL that a tenant has named. The name is resolved here, and all its addresses must be public.
 * The connection is made to those very addresses, so a name that later resolves to others gains nothing. Redirects are
 * not followed. Never throws.
 */
export async function post(message: Post, rules: PostRules): Promise<Outcome> {
  const started = performance.now();
  const deadline = AbortSignal.timeout(rules.deadlineMs);
  const said = (status: number | null, error: string | null): Outcome => ({
    status,
    milliseconds: Math.round(performance.now() - started),
    error,
  });
  try {
    const problem = problemOf(message.url, rules);
    if (problem) throw new Refused(`the URL ${problem}`);
    const url = new URL(message.url);
    const addresses = await addressesOf(hostOf(url), rules, deadline);
    const status = await send(url, addresses, message, deadline);
    return said(status, errorOf(status));
  } catch (error) {
    return said(null, deadline.aborted ? `no response within ${rules.deadlineMs / 1000} s` : reasonOf(error));
  }
}

/** @throws Refused when the name has no address, or one that is not public */
async function addressesOf(host: string, rules: PostRules, signal: AbortSignal): Promise<readonly string[]> {
  const { resolve = resolveByDns, admits = (address: string) => isReachable(address, rules) } = rules;
  const addresses = isIP(host) ? [host] : await orAborted(resolve(host, signal), signal);
  if (addresses.length === 0) throw new Refused(`${host} has no address`);
  for (const address of addresses)
    if (!admits(address)) throw new Refused(`refused: ${host} resolves to ${address}, which is not a public address`);
  return addresses;
}

/**
 * Sends DNS queries of its own: the system's resolver has four threads for all, and cannot cancel a call that hangs.
 */
async function resolveByDns(host: string, signal: AbortSignal): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  signal.addEventListener('abort', () => resolver.cancel(), { once: true });
  // IPv4 first: functions outside a VPC have no other way out.
  const found = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  return found.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  return Promise.race([work, promise]);
}

/** @returns the status of the response, whose body is read up to a limit and discarded */
async function send(url: URL, addresses: readonly string[], { headers, body }: Post, signal: AbortSignal) {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const options: RequestOptions & { servername?: string } = {
    method: 'POST',
    hostname: hostOf(url),
    port: url.port,
    path: url.pathname + url.search,
    headers: { ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' },
    lookup: only(addresses),
    agent: false, // a connection that is reused was checked for another message
    maxHeaderSize: mostHeaderBytes,
  };
  let status: number | undefined;
  // A body that is cut off, or trickles until the deadline, does not change a status that has arrived.
  const end = (error: Error = new Refused('the connection was closed without a response')) => {
    if (status === undefined) reject(error);
    else resolve(status);
    request.destroy();
  };
  const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(options, (response) => {
    status = response.statusCode!;
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > mostBodyBytes) end();
    });
    response.on('end', end).on('error', end).on('close', end);
  });
  signal.addEventListener('abort', () => end(), { once: true });
  request.on('error', end).on('close', end);
  request.end(body);
  return promise;
}

/** Gives a connection the addresses that were checked, whatever the name resolves to by now. */
const only =
  (addresses: readonly string[]): LookupFunction =>
  (_host, { all }, callback) => {
    const found = addresses.map((address) => ({ address, family: isIP(address) }));
    if (all) callback(null, found);
    else callback(null, found[0]!.address, found[0]!.family);
  };

function errorOf(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  const isRedirect = status >= 300 && status < 400;
  return `answered ${status}${isRedirect ? ': redirects are not followed' : ''}`;
}

/** A code, as in ECONNREFUSED or CERT_HAS_EXPIRED; Node's messages may quote the response. */
function reasonOf(error: unknown): string {
  if (error instanceof Refused) return error.message;
  const { code, name } = error as { code?: string; name?: string };
  return code === 'HPE_HEADER_OVERFLOW' ? 'the response headers are too large' : `no connection: ${code ?? name}`;
}
