import { Resolver } from 'node:dns/promises';
import { type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { hostOf, isReachable, problemOf, type Reach } from './addresses.ts';

/** All addresses of a name. It has to end when the signal says so. */
export type Resolve = (host: string, signal: AbortSignal) => Promise<readonly string[]>;

export interface PostRules extends Reach {
  /** For everything: the name, the connection, the answer. */
  readonly deadlineMs: number;
  readonly resolve?: Resolve;
  /** Which addresses may be connected to, where it is not `isReachable` that says. */
  readonly admits?: (address: string) => boolean;
}

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How a message fared with a receiver. */
export interface Outcome {
  /** What the receiver answered; `null` when it did not. */
  readonly status: number | null;
  readonly milliseconds: number;
  /** For the tenant; `null` when the receiver has taken the message, which a status of 2xx says. */
  readonly error: string | null;
}

/** Of an answer, so much is read; what it says is of no use to us. */
const mostBodyBytes = 4096;
const mostHeaderBytes = 8192;

class Refused extends Error {}

/**
 * Posts a message to an address that a tenant has named. The name is resolved here, every address of it has to be a public one,
 * and the connection is made to those very addresses, so that a name which changes its mind gains nothing. Redirects are not
 * followed. Never throws.
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
    return said(null, deadline.aborted ? `no answer within ${rules.deadlineMs / 1000} s` : reasonOf(error));
  }
}

/** @throws Refused when the name has no address, or one that is not public */
async function addressesOf(host: string, rules: PostRules, signal: AbortSignal): Promise<readonly string[]> {
  const { resolve = resolveByDns, admits = (address: string) => isReachable(address, rules) } = rules;
  const addresses = isIP(host) ? [host] : await orAborted(resolve(host, signal), signal);
  if (addresses.length === 0) throw new Refused(`${host} has no address`);
  for (const address of addresses)
    if (!admits(address)) throw new Refused(`refused: ${host} leads to ${address}, which is not a public address`);
  return addresses;
}

/** By questions of its own: the system's resolver has four threads for all, and one that hangs cannot be called off. */
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

/** @returns the status of the answer, whose body is read to a bound and dropped */
async function send(url: URL, addresses: readonly string[], { headers, body }: Post, signal: AbortSignal) {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const options: RequestOptions & { servername?: string } = {
    method: 'POST',
    hostname: hostOf(url),
    port: url.port,
    path: url.pathname + url.search,
    headers: { ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' },
    lookup: only(addresses),
    agent: false, // a connection that is kept was checked for another message
    maxHeaderSize: mostHeaderBytes,
  };
  let status: number | undefined;
  // A body that is cut off, or drips until the deadline, takes nothing from a status that has come.
  const end = (error: Error = new Refused('the connection was closed without an answer')) => {
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

/** Gives a connection the addresses that were checked, whatever the name is by now. */
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

/** A code, as in ECONNREFUSED or CERT_HAS_EXPIRED; messages of Node may quote what came. */
function reasonOf(error: unknown): string {
  if (error instanceof Refused) return error.message;
  const { code, name } = error as { code?: string; name?: string };
  return code === 'HPE_HEADER_OVERFLOW' ? 'the headers of the answer are too large' : `no connection: ${code ?? name}`;
}
