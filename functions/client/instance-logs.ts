import { type RawBuilder, sql } from 'kysely';
import { type PageQuery, timedPosition } from '../shared/cursor.ts';
import type { Db } from '../shared/db.ts';
import { readPage } from '../shared/listing.ts';
import { isBehind } from '../shared/newest-first.ts';
import { instanceNotFound } from './instance-pools.ts';
import type { OfInstance } from './pools.ts';

/** This many events fit in one Data API response even if each has the longest message and metadata. */
const safeEvents = 80;

interface Row {
  readonly id: string;
  readonly at: Date;
  readonly what: string;
  readonly message: string;
  readonly severity: string;
  /** JSON as text: a UNION does not return JSON columns. */
  readonly metadata: string | null;
}

/**
 * What happened to an instance, newest first: its events, and the switches from it or to it (protocol X16). Two
 * statements.
 * @throws AppError instance_not_found
 */
export async function instanceLogs(db: Db, { caller, instanceId, query }: OfInstance & { query: PageQuery }) {
  const { clientId } = caller;
  const instance = await db
    .selectFrom('instances')
    .select('clientId')
    .where('id', '=', instanceId)
    .$if(clientId !== undefined, (one) => one.where('clientId', '=', clientId!))
    .executeTakeFirst();
  if (!instance) throw instanceNotFound(instanceId);
  return readPage({
    list: 'X16',
    size: query.limit,
    safeSize: safeEvents,
    read: (limit) => selectLogs(db, { clientId: instance.clientId, instanceId, query, limit }),
    positionOf: ({ at, id }) => timedPosition(at, id),
    toItems: (rows) =>
      rows.map(({ at, what, message, severity, metadata }) => ({
        timestamp: at.toISOString(),
        event_type: what,
        message,
        severity,
        metadata: metadata === null ? {} : (JSON.parse(metadata) as Record<string, unknown>),
      })),
  });
}

interface Asked {
  readonly clientId: string;
  readonly instanceId: string;
  readonly query: PageQuery;
  readonly limit: number;
}

/** Reads each part through its own index, newest first, with no more rows than a page has. */
async function selectLogs(db: Db, { clientId, instanceId, query, limit }: Asked): Promise<readonly Row[]> {
  const part = (columns: RawBuilder<unknown>, where: RawBuilder<unknown>, time: string) => sql`
    (SELECT x.id, ${sql.ref(time)} AS at, ${columns} WHERE ${where} AND x.client_id = ${clientId}
       AND ${isBehind(query, time, 'x.id')}
     ORDER BY ${sql.ref(time)} DESC, x.id DESC LIMIT ${limit})`;
  const events = part(
    sql`x.event_type AS what, x.message, x.severity, CAST(x.metadata AS CHAR) AS metadata FROM system_events AS x`,
    sql`x.instance_id = ${instanceId}`,
    'x.created_at',
  );
  const moved = sql`CONCAT('Moved from ', x.old_instance_id, ' to ', x.new_instance_id)`;
  const switches = sql`'switch', ${moved}, 'info', NULL FROM switches AS x`;
  const from = part(switches, sql`x.old_instance_id = ${instanceId}`, 'x.initiated_at');
  const to = part(switches, sql`x.new_instance_id = ${instanceId}`, 'x.initiated_at');
  const { rows } = await sql<Row>`
    ${events} UNION ALL ${from} UNION ALL ${to} ORDER BY at DESC, id DESC LIMIT ${limit}`.execute(db);
  return rows;
}
