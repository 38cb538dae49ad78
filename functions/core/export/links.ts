/**
 * The room of files that a browser fetches without a header: links that carry their own permission for a few minutes.
 * Owns the tables: export_keys.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type SqlBool, sql } from 'kysely';
import * as z from 'zod';
import type { Db } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import { bootstrapId } from '../../shared/identity.ts';
import { parseJson } from '../../shared/parse-json.ts';
import { countFile } from '../../shared/rate-limit.ts';
import { minuteMs, msAfter } from '../../shared/time.ts';

/** A link is opened as soon as it is made, but its file may take a while. */
const lifeMs = 5 * minuteMs;

/** Where the file begins: the cursor of its list. */
const cursor = z.string().optional();
/** A file of one tenant. */
export const TenantFile = z.object({ file: z.enum(['savings', 'switch-history']), clientId: z.string(), cursor });
/** A file of all tenants, for operators. */
export const OperatorFile = z.object({ file: z.literal('global-stats'), cursor });
export type LinkedFile = z.output<typeof TenantFile> | z.output<typeof OperatorFile>;

const Content = z.object({ target: z.unknown(), tokenId: z.string(), expiresAt: z.int() });

/** Who is asking for a link: a tenant, or an operator, who belongs to none. */
export interface LinkMaker {
  readonly tokenId: string;
  readonly clientId: string | undefined;
}

const macOf = (key: string, payload: string) => createHmac('sha256', Buffer.from(key, 'hex')).update(payload).digest();

/**
 * Makes a link to one file, for a caller that has already been admitted to it. The first link of a token creates the
 * token's key. Two statements.
 * @returns what `openLink` takes, and when it expires
 */
export async function makeLink(
  db: Db,
  { target, by }: { readonly target: LinkedFile; readonly by: LinkMaker },
  now: Date,
): Promise<{ link: string; expiresAt: Date }> {
  const { tokenId, clientId = null } = by;
  await db
    .insertInto('exportKeys')
    .values({ tokenId, clientId, secret: randomBytes(32).toString('hex'), createdAt: now })
    .onDuplicateKeyUpdate((eb) => ({ tokenId: eb.ref('exportKeys.tokenId') }))
    .execute();
  const { secret } = await db
    .selectFrom('exportKeys')
    .select('secret')
    .where('tokenId', '=', tokenId)
    .executeTakeFirstOrThrow();
  const expiresAt = msAfter(now, lifeMs);
  const content: z.input<typeof Content> = { target, tokenId, expiresAt: expiresAt.getTime() };
  const payload = Buffer.from(JSON.stringify(content)).toString('base64url');
  return { link: `${payload}.${macOf(secret, payload).toString('base64url')}`, expiresAt };
}

/**
 * Checks a link and returns what it opens. The link is parsed before it is verified, as it names the token whose key
 * signed it. One statement. Opening a link counts against the file limit of the tenant or operator that made it.
 * @param files the files that this caller serves: a link to any other is invalid
 * @throws AppError link_invalid when the link was changed, is not ours or has expired, when its token no longer admits
 * anybody, or when the file's tenant is not active; rate_limited
 */
export async function openLink<File extends LinkedFile>(
  db: Db,
  { link, files }: { readonly link: string; readonly files: z.ZodType<File> },
  now: Date,
): Promise<File> {
  const [payload = '', mac = '', ...rest] = link.split('.');
  const content = rest.length === 0 ? contentOf(payload) : undefined;
  const target = content && files.safeParse(content.target).data;
  if (!content || !target) throw invalid();
  const key = await readKey(db, { tokenId: content.tokenId, target }, now);
  const given = Buffer.from(mac, 'base64url');
  const right = key && macOf(key.secret, payload);
  if (!right || given.length !== right.length || !timingSafeEqual(given, right)) throw invalid();
  // The same bytes in another base64 spelling are refused.
  if (right.toString('base64url') !== mac || content.expiresAt <= now.getTime()) throw invalid();
  await countFile(key.clientId ?? content.tokenId, now);
  return target;
}

/** The key of a token that would itself still be admitted. For a tenant's file, the tenant must be active, too. */
function readKey(db: Db, { tokenId, target }: { tokenId: string; target: LinkedFile }, now: Date) {
  return db
    .selectFrom('exportKeys as x')
    .leftJoin('clientTokens as t', 't.id', 'x.tokenId')
    .leftJoin('operators as o', 'o.id', 'x.tokenId')
    .select(['x.secret', 'x.clientId'])
    .where('x.tokenId', '=', tokenId)
    .where(
      sql<SqlBool>`(x.token_id = ${bootstrapId} OR (o.id IS NOT NULL AND o.revoked_at IS NULL)
        OR (t.id IS NOT NULL AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > ${now})))`,
    )
    .$if('clientId' in target, (those) =>
      those.where(({ exists, selectFrom }) =>
        exists(
          selectFrom('clients as c')
            .select('c.id')
            .where('c.id', '=', (target as z.output<typeof TenantFile>).clientId)
            .where('c.isActive', '=', true),
        ),
      ),
    )
    .executeTakeFirst();
}

const invalid = () =>
  new AppError(
    'link_invalid',
    'This link was changed, has expired (links work for five minutes), or its token was revoked. Ask for a new one',
  );

const contentOf = (payload: string) => Content.safeParse(parseJson(Buffer.from(payload, 'base64url').toString())).data;
