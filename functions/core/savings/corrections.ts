import { sql } from 'kysely';
import type { Db, Tx } from '../../shared/db.ts';
import { forEachIsolated } from '../../shared/for-each-isolated.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { dayMs, hourMs, msAfter, msBefore, startOf } from '../../shared/time.ts';
import { accrueHours, type Progress } from './accrue-hours.ts';

/** Each price is kept for so long (docs/adr/0039); older hours stay as they were accounted for. */
const reachMs = 30 * dayMs;

/** Tenants of one run. */
const atMost = 20;

interface Correction {
  readonly clientId: string;
  readonly from: Date;
  /** Names the change that asks for it. */
  readonly changeId: string;
}

/** Has a tenant's hours from a time on accounted for again, as far back as prices are kept. Call it in the transaction of the change. */
export async function correctFrom(tx: Tx, { clientId, from, changeId }: Correction, now: Date): Promise<void> {
  const nextHour = startOf(hourMs, new Date(Math.max(from.getTime(), msBefore(now, reachMs).getTime())));
  await tx
    .insertInto('savingsCorrections')
    .values({ clientId, nextHour, afterAgent: null, changeId })
    .onDuplicateKeyUpdate({
      nextHour: sql<Date>`LEAST(next_hour, VALUES(next_hour))`,
      afterAgent: null,
      changeId,
    })
    .execute();
}

/**
 * Accounts again for the hours of tenants whose prices were changed, up to those that are accounted for at all. What there is no
 * time for is left to the next run. It reads the overlays anew, so it has to come after what accounts for new hours.
 * @returns how many instance hours were written
 */
export async function correctHours(db: Db, { accrued, time }: { readonly accrued: Progress; readonly time: RunTime }) {
  const rows = await db
    .selectFrom('savingsCorrections')
    .select(['clientId', 'nextHour', 'afterAgent', 'changeId'])
    .orderBy('nextHour')
    .orderBy('clientId')
    .limit(atMost)
    .execute();
  // Of the hour that is being accounted for, some agents may have been done by what was before.
  const until = accrued.afterAgent === null ? accrued.hour : msAfter(accrued.hour, hourMs);
  let left = rows.length;
  return forEachIsolated(
    'accounting for hours again',
    rows,
    ({ clientId, nextHour, afterAgent, changeId }) => {
      const share = time.share(left);
      left -= 1;
      return accrueHours(db, {
        clientId,
        from: { hour: nextHour, afterAgent },
        until,
        time: share,
        // A change that came meanwhile has begun anew: its row stays as it is.
        save: async (next) => {
          await db
            .updateTable('savingsCorrections')
            .set({ nextHour: next.hour, afterAgent: next.afterAgent })
            .where('clientId', '=', clientId)
            .where('changeId', '=', changeId)
            .execute();
        },
        end: async () => {
          await db
            .deleteFrom('savingsCorrections')
            .where('clientId', '=', clientId)
            .where('changeId', '=', changeId)
            .execute();
        },
      });
    },
    { hasTime: time.hasTime },
  );
}
