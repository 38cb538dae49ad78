import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { readBody, reply, serveOnLoopback } from '../loopback-server.ts';
import { S3Error } from './error.ts';
import { checkSignedUrl } from './signed-url.ts';

export interface S3 {
  /** For the SDK's `endpoint`. */
  readonly url: string;
  close(): Promise<void>;
}

interface S3Options {
  /** Where objects are stored, as files. */
  readonly directory: string;
  readonly bucket: string;
  /** The functions' own key, which signed URLs are checked with. */
  readonly secretAccessKey: string;
  readonly now?: () => Date;
}

/**
 * Serves PutObject, GetObject and DeleteObjects of one bucket on loopback, for the unmodified SDK and for holders of
 * signed URLs.
 */
export async function startS3(options: S3Options): Promise<S3> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  return serveOnLoopback(async (request, response) => {
    try {
      await answer(options, request, response);
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      const { code, status, message } = error;
      reply(response, status, xml, `<Error><Code>${code}</Code><Message>${message}</Message></Error>`);
    }
  });
}

const xml = { 'content-type': 'application/xml' };
const id = () => ({ 'x-amz-request-id': randomUUID() });

async function answer(options: S3Options, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { now = () => new Date() } = options;
  const url = new URL(request.url!, 'http://s3');
  const [, bucket, ...rest] = url.pathname.split('/');
  const key = decodeURIComponent(rest.join('/'));
  if (bucket !== options.bucket) throw new S3Error('NoSuchBucket', 404, 'The specified bucket does not exist');
  if (url.searchParams.has('X-Amz-Signature')) checkSignedUrl(url, request, options.secretAccessKey, now());
  else if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256'))
    throw new S3Error('AccessDenied', 403, 'Access Denied');

  if (request.method === 'POST' && url.searchParams.has('delete')) return deleteAll(options, request, response);
  const file = fileOf(options.directory, key);
  if (request.method === 'PUT') {
    const body = (await readBody(request))!;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, body);
    reply(response, 200, { ...id(), etag: '"local"' }, '');
  } else if (request.method === 'GET') {
    const body = await readFile(file).catch(() => undefined);
    if (!body) throw new S3Error('NoSuchKey', 404, 'The specified key does not exist.');
    response.writeHead(200, { ...id(), 'content-length': body.length, etag: '"local"' }).end(body);
  } else throw new S3Error('NotImplemented', 501, `${request.method} is not served here`);
}

async function deleteAll({ directory }: S3Options, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const text = String(await readBody(request));
  const errors: string[] = [];
  for (const [, key] of text.matchAll(/<Key>([^<]+)<\/Key>/g))
    await rm(fileOf(directory, key!), { force: true }).catch(() =>
      errors.push(
        `<Error><Key>${key}</Key><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>`,
      ),
    );
  reply(response, 200, { ...xml, ...id() }, `<DeleteResult>${errors.join('')}</DeleteResult>`);
}

/** Rejects keys with other characters, which might lead out of the directory. */
function fileOf(directory: string, key: string): string {
  if (!/^[\w-]+(\/[\w-]+)*$/.test(key)) throw new S3Error('InvalidArgument', 400, 'No key of ours');
  return join(directory, key);
}
