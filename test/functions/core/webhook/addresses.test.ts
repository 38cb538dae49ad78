import { describe, expect, it } from 'vitest';
import { isReachable, problemOf } from '../../../../functions/core/webhook/addresses.ts';

const deployed = { isLoopbackAllowed: false };
const onOneMachine = { isLoopbackAllowed: true };

describe('an address that may be called', () => {
  it.each([
    '93.184.216.34',
    '8.8.8.8',
    '2606:4700::1111',
    '2a00:1450:4001::1',
  ])('is a public Internet address: %s', (address) => {
    expect(isReachable(address, deployed)).toBe(true);
    expect(isReachable(address, onOneMachine)).toBe(true);
  });

  it.each([
    ['the machine itself', ['127.0.0.1', '127.9.9.9', '::1']],
    ['no address', ['0.0.0.0', '0.1.2.3', '::', '', 'localhost', '1.2.3.4.5', 'fe80::1%eth0']],
    ['private', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fd00::1', 'fc00::1', 'fec0::1']],
    ['of metadata and the link', ['169.254.169.254', '169.254.170.2', 'fe80::1', 'fd00:ec2::254']],
    ['of a provider, a test, or a document', ['100.64.0.1', '198.18.0.1', '192.0.2.1', '203.0.113.1', '2001:db8::1']],
    ['of many', ['224.0.0.1', '255.255.255.255', 'ff02::1', '192.88.99.1']],
    ['reserved', ['240.0.0.1', '192.0.0.8', '4000::1', '1::1']],
    ['IPv4 that is mapped', ['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1', '::8.8.8.8']],
    ['IPv4 behind NAT64', ['64:ff9b::7f00:1', '64:ff9b::808:808', '64:ff9b:1::a9fe:a9fe', '::ffff:0:127.0.0.1']],
    ['IPv4 by 6to4 and Teredo', ['2002:7f00:1::', '2002:a9fe:a9fe::1', '2001:0:4136:e378:8000:63bf:3fff:fdd2']],
  ])('is not %s', (_, addresses) => {
    for (const address of addresses) expect(isReachable(address, deployed), address).toBe(false);
  });

  it('may be loopback too when all runs on one machine, but no other non-public address', () => {
    expect(isReachable('127.0.0.1', onOneMachine)).toBe(true);
    expect(isReachable('::1', onOneMachine)).toBe(true);
    for (const address of ['10.0.0.1', '169.254.169.254', '::ffff:127.0.0.1', '0.0.0.0'])
      expect(isReachable(address, onOneMachine), address).toBe(false);
  });
});

describe('a URL that may be called', () => {
  it.each([
    'https://example.com/a?b=c',
    'https://example.com:8443/',
    'https://example.com:65535',
    'https://8.8.8.8/',
  ])('is %s', (url) => expect(problemOf(url, deployed)).toBeUndefined());

  it.each([
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://127.0.0.1./',
    'https://１２７.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[0:0:0:0:0:ffff:7f00:0001]/',
    'https://0/',
    'https://2852039166/',
    'https://0xa9.0xfe.0xa9.0xfe/latest/meta-data',
    'https://[64:ff9b::a9fe:a9fe]/',
  ])('is not %s, which is one spelling of a non-public address', (url) => {
    expect(problemOf(url, deployed)).toMatch(/public address/);
  });

  it.each([
    ['http://example.com/', /https/],
    ['ftp://example.com/', /https/],
    ['file:///etc/passwd', /https/],
    ['javascript:alert(1)', /https/],
    ['gopher://127.0.0.1:6379/_', /https/],
    ['//example.com', /must be a URL/],
    ['example.com', /must be a URL/],
    ['https://', /must be a URL/],
    ['https://a b/', /must be a URL/],
    ['https://user@example.com/', /user name/],
    ['https://:pass@example.com/', /password/],
    ['https://example.com:22/', /port 443.*22/],
    ['https://example.com:25/', /port/],
    ['https://example.com:0/', /port/],
    [`https://example.com/${'ü'.repeat(1000)}`, /at most 2000/],
  ])('is not %s', (url, problem) => {
    expect(problemOf(url, deployed)).toMatch(problem);
  });

  it('may use http when all runs on one machine, but not with a private address', () => {
    expect(problemOf('http://127.0.0.1:9000/', onOneMachine)).toBeUndefined();
    expect(problemOf('http://10.0.0.1:9000/', onOneMachine)).toMatch(/public address/);
    expect(problemOf('http://169.254.169.254/', onOneMachine)).toMatch(/public address/);
  });
});
