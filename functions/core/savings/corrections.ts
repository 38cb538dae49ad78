import { sql } from 'kysely';
import type { Db, Tx } from '../../shared/db.ts';
import { forEachIsolated } from '../../shared/for-each-isolated.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { dayMs, hourMs, msAfter, msBefore, startOf } from '../../shared/time.ts';
import { accrueHours, type Progress } from './accrue-hours.ts';

/** Every price is kept this long (docs/adr/0039). Older hours stay as they were accounted for. */
const reachMs = 30 * dayMs;

/** Maximum tenants per run. */
const atMost = 20;

interface Correction {
  readonly clientId: string;
  readonly from: Date;
  /** Identifies the change that requires the correction. */
  readonly changeId: string;
}

/**
 * Schedules a tenant's hours from a time on to be accounted for again, as far back as prices are kept. Call this in the
 * transaction of the change.
 */
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
 * Accounts again for the hours of tenants whose overlays changed, up to the hours that are accounted for so far. The
 * next run continues what this one has no time for. It must run after new hours are accounted for, because it reads the
 * overlays again.
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
  // In an hour that is half done, some agents may have been accounted for with the old overlays.
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
        // A newer change has restarted the correction: its row stays as it is.
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
