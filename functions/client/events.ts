import type { Caller } from '../core/tenant/require-client.ts';
import { cursorOf, type Position, type TimeAndId, timeAndId, timedPosition, timeOf } from '../shared/cursor.ts';
import type { Db } from '../shared/db.ts';
import { type Page, readPage } from '../shared/listing.ts';
import { msBefore, secondMs } from '../shared/time.ts';
import type { EventsQuery } from './requests.ts';

/** This many events fit in one Data API response even if each has the longest message and metadata. */
const safeEvents = 80;

/** An event has the time of the request that caused it, and appears when that request ends: up to this much later. */
const lateMs = 35 * secondMs;

interface Asked {
  readonly caller: Caller;
  readonly query: EventsQuery;
}

/**
 * The events since a cursor or time, oldest first, for a console that follows them (protocol X21). The response always
 * has a next cursor. One statement.
 */
export async function listEvents(db: Db, { caller, query }: Asked, now: Date): Promise<Page<EventItem>> {
  const after = query.cursor ? timeAndId(query.cursor) : { at: query.since ?? msBefore(now, lateMs), id: '' };
  const page = await readPage({
    list: 'X21',
    size: query.limit,
    safeSize: safeEvents,
    read: (limit) => selectEvents(db, { clientId: caller.clientId, after, limit }),
    positionOf: ({ createdAt, id }) => timedPosition(createdAt, id),
    toItems: (rows) => rows.map(eventItem),
  });
  const read = page.items.map(({ timestamp, id }) => ({ at: new Date(timestamp), id }));
  const position = nextPosition(
    { after, read, goBackTo: goBackOf(query.cursor), isLast: page.next === undefined },
    now,
  );
  return { ...page, next: cursorOf('X21', position) };
}

interface Read {
  /** Where the page begins, and its events. */
  readonly after: TimeAndId;
  readonly read: readonly TimeAndId[];
  /** Set if pages have gone past this time, behind which late events may have appeared since. */
  readonly goBackTo: Date | undefined;
  readonly isLast: boolean;
}

/**
 * Where to read on. Events older than `lateMs` are final, so a page may end at the last of them. Only if a full page has
 * none do pages go on into the time in which events may still appear; the last of those pages leads back to its start.
 */
function nextPosition({ after, read, goBackTo, isLast }: Read, now: Date): Position {
  const safe = msBefore(now, lateMs);
  const end = read.at(-1) ?? after;
  const onward = timedPosition(end.at, end.id);
  if (goBackTo) return isLast ? timedPosition(goBackTo, '') : [...onward, goBackTo.toISOString()];
  if (end.at < safe) return onward;
  const final = read.findLast(({ at }) => at < safe);
  if (final) return timedPosition(final.at, final.id);
  // At exactly `safe`, events with any id may still appear.
  return isLast ? timedPosition(safe, '') : [...onward, safe.toISOString()];
}

const goBackOf = (cursor: Position | undefined) => (cursor?.[2] === undefined ? undefined : timeOf(cursor[2]));

interface Wanted {
  readonly clientId: string | undefined;
  readonly after: { readonly at: Date; readonly id: string };
  readonly limit: number;
}

const selectEvents = (db: Db, { clientId, after, limit }: Wanted) =>
  db
    .selectFrom('systemEvents')
    .select(['id', 'clientId', 'agentId', 'instanceId', 'eventType', 'severity', 'message', 'metadata', 'createdAt'])
    .$if(clientId !== undefined, (those) => those.where('clientId', '=', clientId!))
    .where('createdAt', '>=', after.at)
    .where((eb) => eb.or([eb('createdAt', '>', after.at), eb('id', '>', after.id)]))
    .orderBy('createdAt')
    .orderBy('id')
    .limit(limit)
    .execute();

type Row = Awaited<ReturnType<typeof selectEvents>>[number];
type EventItem = ReturnType<typeof eventItem>;

const eventItem = (row: Row) => ({
  id: row.id,
  timestamp: row.createdAt.toISOString(),
  event_type: row.eventType,
  severity: row.severity,
  message: row.message,
  client_id: row.clientId,
  agent_id: row.agentId,
  instance_id: row.instanceId,
  metadata: (row.metadata ?? {}) as Record<string, unknown>,
});
