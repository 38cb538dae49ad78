import { sql } from 'kysely';
import type { Retention } from '../../shared/retention.ts';
import { dayMs, msBefore } from '../../shared/time.ts';

/** Messages that were given up are kept for 14 days, as other dead letters are. Each run deletes at most 500. */
export const webhookRetention: Retention = {
  'dead messages': async (db, _time, now) => {
    const { numAffectedRows = 0n } = await sql`
      DELETE m, i FROM webhook_messages AS m
      INNER JOIN (SELECT id FROM webhook_messages WHERE dead_at < ${msBefore(now, 14 * dayMs)} LIMIT 500) AS gone ON gone.id = m.id
      LEFT JOIN webhook_items AS i ON i.client_id = m.client_id AND i.message_id = m.id`.execute(db);
    return Number(numAffectedRows);
  },
};
