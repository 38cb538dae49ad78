import type { Caller } from '../core/tenant/require-client.ts';
import { cursorOf, timeAndId, timedPosition } from '../shared/cursor.ts';
import type { Db } from '../shared/db.ts';
import { type Page, readPage } from '../shared/listing.ts';
import { earlier, msBefore, secondMs } from '../shared/time.ts';
import type { EventsQuery } from './requests.ts';

/** Events with the longest message and the most metadata are so many to an answer. */
const safeEvents = 80;

/** An event has the time of the call that it comes of, and is seen when that ends: for so long, events may come late. */
const lateMs = 35 * secondMs;

interface Asked {
  readonly caller: Caller;
  readonly query: EventsQuery;
}

/**
 * What happened since a place in time, oldest first, for a console that follows it (protocol X21). The place to go on from is
 * always told, and is never so late that an event could still come before it; what lies behind it comes again. One statement.
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
  if (page.next !== undefined) return page;
  const last = page.items.at(-1);
  const safe = msBefore(now, lateMs);
  const at = earlier(last ? new Date(last.timestamp) : after.at, safe);
  // At the safe time itself any id may still come; before it, what was given is given.
  const id = last && at < safe ? last.id : at < after.at ? '' : at.getTime() === after.at.getTime() ? after.id : '';
  return { ...page, next: cursorOf('X21', timedPosition(at, id)) };
}

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
