import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { S3Error } from './error.ts';

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Escapes as in signed URLs: everything but letters, digits and - . _ ~. */
const escaped = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * Checks a signed URL against what was signed: path, method, headers such as content-length, and time (AWS Signature
 * Version 4).
 * @throws S3Error AccessDenied, SignatureDoesNotMatch
 */
export function checkSignedUrl(url: URL, request: IncomingMessage, secret: string, now: Date): void {
  const signed = Object.fromEntries(url.searchParams);
  const date = signed['X-Amz-Date'] ?? '';
  const scope = (signed['X-Amz-Credential'] ?? '').split('/').slice(1);
  const begin = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(now.getTime() <= begin + Number(signed['X-Amz-Expires']) * 1000))
    throw new S3Error('AccessDenied', 403, 'Request has expired');
  const names = (signed['X-Amz-SignedHeaders'] ?? '').split(';');
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .toSorted()
    .join('&');
  const headers = names.map((name) => `${name}:${String(request.headers[name] ?? '').trim()}\n`).join('');
  const canonical = [request.method, url.pathname, query, headers, names.join(';'), 'UNSIGNED-PAYLOAD'].join('\n');
  const text = ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(canonical)].join('\n');
  const key = scope.reduce<string | Buffer>((made, part) => hmac(made, part), `AWS4${secret}`);
  const expected = hmac(key, text);
  const given = Buffer.from(signed['X-Amz-Signature'] ?? '', 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new S3Error('SignatureDoesNotMatch', 403, 'The request signature does not match the one that was calculated');
}
