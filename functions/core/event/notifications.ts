import { type RawBuilder, sql } from 'kysely';
import type { PageQuery } from '../../shared/cursor.ts';
import type { Db } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import { isBehind } from '../../shared/newest-first.ts';
import type { Severity } from '../../shared/schema.ts';
import { msBefore, secondMs } from '../../shared/time.ts';

/** Reads events with `notify`. What one reader has read stays unread for every other. */

/**
 * Who is reading. A tenant sees its own notifications and those for everybody; an operator all, or what a tenant sees.
 */
export interface Reader {
  /** The tenant, whichever token it uses; `undefined` for an operator. */
  readonly clientId: string | undefined;
  /** The operator, who has its own read marks. */
  readonly actor: string;
  /** The tenant that an operator asks about. */
  readonly about: string | undefined;
}

/** An event has the time of its request, but is visible only when that request ends: this much later at most. */
const lateMs = 35 * secondMs;

/** At most this many notifications are counted before they are marked as read. */
const counted = 10_000;

/** At most this many recent notifications are marked one by one. They span half a minute, so there are few. */
const recentAtMost = 1000;

const everything = 'all';
const nameOf = ({ clientId, actor }: Reader) => clientId ?? actor;
/** Whose notifications are seen; `undefined` for everybody's. */
const subjectOf = ({ clientId, about }: Reader) => clientId ?? about;

interface Notification {
  readonly id: string;
  readonly message: string;
  readonly severity: Severity;
  readonly createdAt: Date;
  readonly isRead: number;
}

/** Notifications, newest first, and whether this reader has read them (protocol N1). One statement. */
export async function selectNotifications(db: Db, { reader, query }: { reader: Reader; query: PageQuery }) {
  const { limit } = query;
  const newest = ofSubject(
    reader,
    (whose) =>
      sql`SELECT id, client_id, message, severity, created_at FROM system_events WHERE ${whose} AND notify = TRUE
      AND ${isBehind(query, 'created_at', 'id')} ORDER BY created_at DESC, id DESC LIMIT ${limit}`,
  );
  const { rows } = await sql<Notification>`
    SELECT e.id, e.message, e.severity, e.created_at, ${isRead(reader)} AS is_read
    FROM (SELECT * FROM (${newest}) AS n ORDER BY created_at DESC, id DESC LIMIT ${limit}) AS e
    ORDER BY e.created_at DESC, e.id DESC`.execute(db);
  return rows;
}

/** What a reader sees: one tenant's notifications and those for everybody, each read by an index, or all there are. */
function ofSubject(reader: Reader, select: (whose: RawBuilder<unknown>) => RawBuilder<unknown>): RawBuilder<unknown> {
  const subject = subjectOf(reader);
  if (subject === undefined) return select(sql`TRUE`);
  return sql`(${select(sql`client_id = ${subject}`)}) UNION ALL (${select(sql`client_id IS NULL`)})`;
}

/** SQL: whether the reader has read event `e`: it is not newer than the reader's mark, or was read by itself. */
const isRead = (reader: Reader) => sql`(EXISTS (SELECT 1 FROM notification_reads AS r
  WHERE r.reader = ${nameOf(reader)} AND r.event_id = e.id) OR EXISTS (SELECT 1 FROM notification_marks AS m
  WHERE m.reader = ${nameOf(reader)} AND m.about IN (${everything}, e.client_id) AND m.read_until >= e.created_at))`;

/**
 * Marks one notification as read (protocol N2). Two statements.
 * @throws AppError notification_not_found if it does not exist or is another tenant's
 */
export async function markRead(db: Db, { reader, id }: { reader: Reader; id: string }, now: Date): Promise<void> {
  const subject = subjectOf(reader);
  const event = await db
    .selectFrom('systemEvents')
    .select('id')
    .where('id', '=', id)
    .where('notify', '=', true)
    .$if(subject !== undefined, (those) =>
      those.where((eb) => eb.or([eb('clientId', '=', subject!), eb('clientId', 'is', null)])),
    )
    .executeTakeFirst();
  if (!event) throw new AppError('notification_not_found', 'Notification not found');
  await db
    .insertInto('notificationReads')
    .values({ reader: nameOf(reader), eventId: id, readAt: now, clientId: reader.clientId ?? '' })
    .onDuplicateKeyUpdate((eb) => ({ readAt: eb.ref('notificationReads.readAt') }))
    .execute();
}

/**
 * Marks everything that a reader sees as read (protocol N3). Three statements, whatever the number. The mark is set at
 * a time before which no event can still appear. Younger events are marked one by one, so that none counts as read
 * before it was visible.
 * @returns how many were unread, 10,000 at most
 */
export async function markAllRead(db: Db, reader: Reader, now: Date): Promise<number> {
  const sure = msBefore(now, lateMs);
  const all = ofSubject(
    reader,
    (whose) => sql`SELECT id, client_id, created_at FROM system_events WHERE ${whose} AND notify = TRUE
    ORDER BY created_at DESC LIMIT ${counted}`,
  );
  const { rows } = await sql<{ unread: number }>`
    SELECT COUNT(*) AS unread FROM (${all}) AS e WHERE NOT ${isRead(reader)}`.execute(db);
  const recent = ofSubject(
    reader,
    (whose) => sql`SELECT id FROM system_events WHERE ${whose} AND notify = TRUE AND created_at > ${sure}
    ORDER BY created_at DESC LIMIT ${recentAtMost}`,
  );
  const [name, clientId] = [nameOf(reader), reader.clientId ?? ''];
  await sql`
    INSERT INTO notification_reads (reader, event_id, read_at, client_id)
    SELECT ${name}, e.id, ${now}, ${clientId} FROM (${recent}) AS e
    ON DUPLICATE KEY UPDATE read_at = notification_reads.read_at`.execute(db);
  await db
    .insertInto('notificationMarks')
    .values({
      reader: name,
      about: reader.clientId ? everything : (reader.about ?? everything),
      readUntil: sure,
      clientId,
    })
    .onDuplicateKeyUpdate({ readUntil: sql`GREATEST(read_until, ${sure})` })
    .execute();
  return Math.min(Number(rows[0]?.unread ?? 0), counted);
}
