import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Where messages may go. A tenant names the receiver, so everything about it is hostile (docs/adr/0049). */
export interface Reach {
  /** Allows http and loopback addresses: only when everything runs on one machine. */
  readonly isLoopbackAllowed: boolean;
}

const maxUrl = 2000;
const usualPorts = ['', '443', '8443'];
/** All of IPv6 that is allocated to the Internet; the rest of its space embeds other addresses, or is nobody's. */
const globalIpv6 = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an address is on the public Internet: not private, link-local, loopback or a provider's own, and not an IPv6
 * address that leads to an IPv4 one (mapped, NAT64, 6to4, Teredo).
 * @param address as a resolver returns it, or as in a URL, without brackets
 */
export function isReachable(address: string, { isLoopbackAllowed }: Reach): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() === 'loopback') return isLoopbackAllowed;
  if (parsed.range() !== 'unicast') return false;
  return parsed instanceof ipaddr.IPv4 || parsed.match(globalIpv6);
}

/** The host of a URL, an IPv6 address without its brackets. */
export const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$/g, '');

/**
 * What is wrong with a receiver's URL, before its name is resolved. The URL parser has already turned 0x7f.1,
 * 2130706433 and 0177.0.0.1 into 127.0.0.1.
 * @returns `undefined` if nothing is wrong
 */
export function problemOf(text: string, reach: Reach): string | undefined {
  const url = URL.parse(text);
  if (!url) return 'must be a URL, as in https://example.com/hook';
  if (url.protocol !== 'https:' && !(reach.isLoopbackAllowed && url.protocol === 'http:'))
    return `must begin with https://, not ${url.protocol}//`;
  if (url.href.length > maxUrl) return `must have at most ${maxUrl} characters, not ${url.href.length}`;
  if (url.username || url.password) return 'must not contain a user name or password';
  if (!usualPorts.includes(url.port) && Number(url.port) < 1024)
    return `must have port 443, 8443 or one from 1024 up, not ${url.port}`;
  const host = hostOf(url);
  if (isIP(host) && !isReachable(host, reach)) return `must point to a public address, not to ${host}`;
  return undefined;
}

/** The AWS account that a topic's ARN names. */
export const accountIn = (topicArn: string) => topicArn.split(':')[4];
