import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { connect, type Db } from './db.ts';
import { limitEnv } from './env.ts';
import { AppError } from './errors.ts';
import type { OperatorIdentity, TenantIdentity } from './identity.ts';
import { logger } from './logger.ts';
import { classOf, perMinute, perMinuteForEachAgent } from './rate-class.ts';
import { inChunks, limitOfDelete, type Retention } from './retention.ts';
import type { Route } from './route.ts';
import { hourMs, minuteMs, msBefore, startOf } from './time.ts';

interface Limit {
  readonly name: string;
  /** What is counted: a tenant, one of its agents, or an operator. */
  readonly of: string;
  readonly perMinute: number;
}

interface Count {
  /** Requests in all containers, as of the last exchange. */
  known: number;
  /** Requests in this container since then. */
  untold: number;
}

/** This container's counts for the current minute. */
let counts = new Map<string, Count>();
let countedMinute = 0;

/** A container admits this many requests, or a tenth of the limit if that is less, before it shares its count. */
const mostUntold = 200;

/** The time for both statements of a count: a second each, without retries. The rest is left for the request itself. */
const countingMs = 1500;

/**
 * Counts a request, and refuses it if the limit of its minute is reached (docs/adr/0056). A tenant's tokens count
 * together. Each container counts by itself and adds its count to a shared row each time it reaches a tenth of the
 * limit. Callers that send little cost no Data API call; those that send much cost two for each such batch. A limit can
 * be exceeded by one batch for each container, and no more. A database failure refuses nobody.
 * @param agentRef of the path, if the route is an agent's
 * @returns how many Data API calls it took
 * @throws AppError rate_limited, with the name of the limit and the seconds until its next minute
 */
export async function countRequest(
  { route, identity, agentRef }: { route: Route; identity: TenantIdentity | OperatorIdentity; agentRef?: string },
  now: Date,
): Promise<number> {
  return count(limitsOf(route, identity, agentRef), now);
}

/**
 * Counts a file opened by a link against whoever asked for the link: otherwise one link would give unlimited files.
 * @param of the tenant, or the operator's id
 * @throws AppError rate_limited
 */
export async function countFile(of: string, now: Date): Promise<void> {
  await count([{ name: 'export', of, perMinute: perMinute.export }], now);
}

async function count(limits: readonly Limit[], now: Date): Promise<number> {
  if (limitEnv().RATE_LIMITS === 'off') return 0;
  const minute = startOf(minuteMs, now);
  if (minute.getTime() !== countedMinute) {
    counts = new Map();
    countedMinute = minute.getTime();
  }
  for (const limit of limits) if (countOf(limit) >= limit.perMinute) throw refusal(limit, minute, now);
  let calls = 0;
  for (const limit of limits) calls += await add(limit, minute);
  return calls;
}

/** Longer handles are cut: a path can carry 8 KB of invented handle, which a container keeps until the minute ends. */
const longestHandle = 128;

function limitsOf(route: Route, identity: TenantIdentity | OperatorIdentity, agentRef = ''): Limit[] {
  const name = classOf(route);
  if (!name) return [];
  if (identity.role === 'operator') return [{ name, of: identity.tokenId, perMinute: perMinute[name] }];
  // Not per token: a tenant may have many, and each would multiply its limit.
  const { clientId } = identity;
  if (name !== 'agent') return [{ name, of: clientId, perMinute: perMinute[name] }];
  // An agent that does not exist has a limit of its own too; the limit `tenant` stops callers that invent agents.
  return [
    { name, of: `${clientId} ${agentRef.slice(0, longestHandle)}`, perMinute: perMinute.agent },
    { name: 'tenant', of: clientId, perMinute: identity.callers * perMinuteForEachAgent },
  ];
}

const keyOf = ({ name, of }: Limit) => `${name} ${of}`;

function countOf(limit: Limit): number {
  const count = counts.get(keyOf(limit));
  return count ? count.known + count.untold : 0;
}

/** @returns how many Data API calls it took: none unless it is time to share the count */
async function add(limit: Limit, minute: Date): Promise<number> {
  const count = counts.get(keyOf(limit)) ?? { known: 0, untold: 0 };
  counts.set(keyOf(limit), count);
  count.untold++;
  if (count.untold < Math.min(mostUntold, limit.perMinute / 10)) return 0;
  const told = count.untold;
  count.untold = 0;
  count.known += told;
  const { db, calls } = connect(() => countingMs);
  try {
    count.known = Math.max(count.known, await addToAll(db, { id: hashOf(limit), minute, requests: told }));
  } catch (error) {
    logger.warn('requests were not counted', { error: error as Error, limit: limit.name });
  }
  return calls();
}

const hashOf = (limit: Limit) => createHash('sha256').update(keyOf(limit)).digest('hex');

interface Told {
  readonly id: string;
  readonly minute: Date;
  readonly requests: number;
}

/**
 * Adds to the shared count of a minute; a late addition for an earlier minute is ignored.
 * Owns the tables: rate_counts.
 * @returns the sum
 */
async function addToAll(db: Db, { id, minute, requests }: Told): Promise<number> {
  await db
    .insertInto('rateCounts')
    .values({ id, countedMinute: minute, requests })
    .onDuplicateKeyUpdate({
      // The order matters: an assignment sees the ones before it.
      requests: sql`IF(counted_minute > ${minute}, requests, IF(counted_minute = ${minute}, requests, 0) + ${requests})`,
      countedMinute: sql`GREATEST(counted_minute, ${minute})`,
    })
    .execute();
  const row = await db
    .selectFrom('rateCounts')
    .select('requests')
    .where('id', '=', id)
    .where('countedMinute', '=', minute)
    .executeTakeFirst();
  return row?.requests ?? 0;
}

/** A count is only useful during its minute. */
export const rateRetention: Retention = {
  'rate counts': inChunks(
    (now) => sql`DELETE FROM rate_counts WHERE counted_minute < ${msBefore(now, hourMs)} ${limitOfDelete}`,
  ),
};

/** In the next minute, plus up to five seconds: callers that were refused together should not come back together. */
function refusal({ name, perMinute }: Limit, minute: Date, now: Date): AppError {
  const seconds = Math.ceil((minute.getTime() + minuteMs - now.getTime()) / 1000) + Math.floor(Math.random() * 6);
  return new AppError(
    'rate_limited',
    `Too many requests: limit \`${name}\` is ${perMinute} a minute; try again in ${seconds} s`,
    { limit: name, per_minute: perMinute, retry_after_seconds: seconds },
  );
}
