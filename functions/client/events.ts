import type { Caller } from '../core/tenant/require-client.ts';
import { cursorOf, type Position, timeAndId, timedPosition } from '../shared/cursor.ts';
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
 * has a next cursor. Events may still appear up to `lateMs` behind now. Pages go on past that time, and remember it: the
 * last page's cursor goes back to it, so that late events are not missed and some events are returned again. One statement.
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
  const last = page.items.at(-1);
  const end = last ? { at: new Date(last.timestamp), id: last.id } : after;
  const safe = msBefore(now, lateMs);
  const isFinal = end.at < safe;
  const goBackTo = goBackOf(query.cursor) ?? (isFinal ? undefined : safe);
  // At exactly `goBackTo`, events with any id may still appear. Before it, everything returned is final.
  const next = page.next === undefined && goBackTo ? timedPosition(goBackTo, '') : timedPosition(end.at, end.id);
  const isUnderWay = page.next !== undefined && goBackTo;
  return { ...page, next: cursorOf('X21', isUnderWay ? [...next, goBackTo.toISOString()] : next) };
}

/** Where the last page goes back to, if a page before went past that time. */
const goBackOf = (cursor: Position | undefined) => (cursor?.[2] === undefined ? undefined : new Date(cursor[2]));

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
