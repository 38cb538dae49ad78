/**
 * The room of files that a browser fetches without a header: links that carry their own permission, for a few minutes.
 * Owns the tables: export_keys.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import type { Db } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import { minuteMs, msAfter } from '../../shared/time.ts';

/** A link is opened as soon as it is made; what it opens may take a while. */
const lifeMs = 5 * minuteMs;

const Content = z.object({
  clientId: z.string(),
  file: z.enum(['savings', 'switch-history']),
  /** Where the file begins, as its list's cursor says it. */
  cursor: z.string().optional(),
  expiresAt: z.int(),
});
export type LinkedFile = Omit<z.output<typeof Content>, 'expiresAt'>;

const macOf = (key: string, payload: string) => createHmac('sha256', Buffer.from(key, 'hex')).update(payload).digest();

/**
 * Makes a link to one file of one tenant. The tenant's key is made with its first link. Two statements.
 * @returns what `openLink` takes, and until when
 */
export async function makeLink(db: Db, file: LinkedFile, now: Date): Promise<{ link: string; expiresAt: Date }> {
  const { clientId } = file;
  await db
    .insertInto('exportKeys')
    .values({ clientId, secret: randomBytes(32).toString('hex'), createdAt: now })
    .onDuplicateKeyUpdate((eb) => ({ clientId: eb.ref('exportKeys.clientId') }))
    .execute();
  const { secret } = await db
    .selectFrom('exportKeys')
    .select('secret')
    .where('clientId', '=', clientId)
    .executeTakeFirstOrThrow();
  const expiresAt = msAfter(now, lifeMs);
  const payload = Buffer.from(JSON.stringify({ ...file, expiresAt: expiresAt.getTime() })).toString('base64url');
  return { link: `${payload}.${macOf(secret, payload).toString('base64url')}`, expiresAt };
}

/**
 * What a link opens. It is read before it is believed, as it names the tenant whose key it was made with. One statement.
 * @throws AppError link_invalid for one that was changed, is not ours, has expired, or is of a tenant that is not active
 */
export async function openLink(db: Db, link: string, now: Date): Promise<LinkedFile> {
  const [payload = '', mac = '', ...rest] = link.split('.');
  const content = rest.length === 0 ? contentOf(payload) : undefined;
  if (!content) throw invalid();
  const row = await db
    .selectFrom('exportKeys as x')
    .innerJoin('clients as k', 'k.id', 'x.clientId')
    .select('x.secret')
    .where('x.clientId', '=', content.clientId)
    .where('k.isActive', '=', true)
    .executeTakeFirst();
  const given = Buffer.from(mac, 'base64url');
  const right = row && macOf(row.secret, payload);
  if (!right || given.length !== right.length || !timingSafeEqual(given, right)) throw invalid();
  // Written another way, base64 would still read the same.
  if (right.toString('base64url') !== mac || content.expiresAt <= now.getTime()) throw invalid();
  const { expiresAt: _, ...file } = content;
  return file;
}

const invalid = () =>
  new AppError('link_invalid', 'This link was changed, or has expired: links work for five minutes. Ask for a new one');

function contentOf(payload: string) {
  try {
    return Content.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}
