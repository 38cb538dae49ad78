import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { dayMs, dayOf, msAfter, msBefore, startOf } from '../../shared/time.ts';

/** Switches recorded in a period. */
interface SwitchCounts {
  readonly totalSwitches: number;
  readonly manualSwitches: number;
  readonly modelSwitches: number;
}

/**
 * Records how many tenants and switches in all there were at the end of the day before (protocol D6, D7). A run that is
 * repeated records the same. Switches are counted from the last recorded day on, however many days were missed.
 * @returns how many days it recorded: one
 */
export async function snapshotClients(db: Db, _: RunTime, now: Date): Promise<number> {
  const end = startOf(dayMs, now);
  const start = msBefore(end, dayMs);
  const switches = await switchesUntil(db, { day: dayOf(start), until: end });
  const clients = await db
    .selectFrom('clients')
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .select(sql<string | null>`SUM(created_at >= ${start})`.as('new'))
    .select(sql<string | null>`SUM(is_active)`.as('active'))
    .where('createdAt', '<', end)
    .where('deletedAt', 'is', null)
    .executeTakeFirstOrThrow();
  const row = {
    totalClients: Number(clients.total),
    newClients: Number(clients.new ?? 0),
    activeClients: Number(clients.active ?? 0),
    ...switches,
  };
  await db
    .insertInto('clientsDailySnapshot')
    .values({ snapshotDate: dayOf(start), ...row })
    .onDuplicateKeyUpdate(row)
    .execute();
  return 1;
}

/** Switches in all: the total of the last day recorded before `day`, plus those since. Two statements. */
async function switchesUntil(db: Db, { day, until }: { day: string; until: Date }): Promise<SwitchCounts> {
  const last = await db
    .selectFrom('clientsDailySnapshot')
    .select(['snapshotDate', 'totalSwitches', 'manualSwitches', 'modelSwitches'])
    .where('snapshotDate', '<', day)
    .orderBy('snapshotDate', 'desc')
    .limit(1)
    .executeTakeFirst();
  const from = last ? msAfter(new Date(`${last.snapshotDate}T00:00:00Z`), dayMs) : new Date(0);
  const since = await countSwitches(db, { from, until });
  return {
    totalSwitches: (last?.totalSwitches ?? 0) + since.totalSwitches,
    manualSwitches: (last?.manualSwitches ?? 0) + since.manualSwitches,
    modelSwitches: (last?.modelSwitches ?? 0) + since.modelSwitches,
  };
}

async function countSwitches(db: Db, { from, until }: { from: Date; until: Date }): Promise<SwitchCounts> {
  const row = await db
    .selectFrom('switches')
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .select(sql<string | null>`SUM(event_trigger = 'manual')`.as('manual'))
    .select(sql<string | null>`SUM(event_trigger = 'model')`.as('model'))
    .where('createdAt', '>=', from)
    .where('createdAt', '<', until)
    .executeTakeFirstOrThrow();
  return {
    totalSwitches: Number(row.total),
    manualSwitches: Number(row.manual ?? 0),
    modelSwitches: Number(row.model ?? 0),
  };
}

/** Switches in all until now: two statements, which read one recorded day and the switches since. */
export const switchesInAll = (db: Db, now: Date) =>
  switchesUntil(db, { day: dayOf(msAfter(now, dayMs)), until: msAfter(now, 1) });
