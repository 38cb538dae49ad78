import type { Selectable } from 'kysely';
import { capacityComparison, toComparison } from '../core/savings/capacity-metrics.ts';
import type { StoredOverlay } from '../core/savings/overlays.ts';
import type { Caller } from '../core/tenant/require-client.ts';
import { timedPosition } from '../shared/cursor.ts';
import type { Db } from '../shared/db.ts';
import { readPage } from '../shared/listing.ts';
import { newestFirst } from '../shared/newest-first.ts';
import type { CostRecordTable } from '../shared/schema.ts';
import { dayMs, msBefore } from '../shared/time.ts';
import { readOverlays, toItem as toOverlayItem } from './price-overlays.ts';
import type { ExplainQuery } from './requests.ts';

/** The list's name in its cursors. */
const explainList = 'E7';

/** How the sums are calculated, in words for the tenant. */
const rules = [
  'Every instance costs money while it runs: primaries, standbys, and replaced instances until they are terminated.',
  'The baseline is one on-demand instance of the same type while the agent has a primary, whichever instance that is.',
  'Prices are observed: each one holds until the next. A Spot price that was not observed for a day counts as unknown.',
  'Time without a known price counts neither as a cost nor as a saving; it is shown as hours_unpriced.',
  'A Spot instance that EC2 takes within its first hour is free, as EC2 bills it: free_reason "first-hour".',
  'Prices that you pay instead of public ones (overlays) apply to costs and baseline, each within its own period.',
  'When overlays change, the affected hours of the last 30 days are recalculated; older hours stay as they are.',
  'Each instance hour is rounded once, to a millionth of a dollar; all totals add up these rounded amounts.',
] as const;

interface Wanted {
  readonly caller: Caller;
  readonly clientId: string;
  readonly query: ExplainQuery;
}

/**
 * Explains a tenant's savings: the instance hours, their sums, the overlays and the rules, and EC2 Capacity Manager's
 * figures for the same days. Covers the last day unless the query names a time. Three statements.
 * @throws AppError client_not_found
 */
export async function explainSavings(db: Db, { caller, clientId, query }: Wanted, now: Date) {
  const overlays = await readOverlays(db, { caller, clientId });
  const { agent_id: agentId, limit } = query;
  const to = query.to ?? now;
  const from = query.from ?? msBefore(to, dayMs);
  const records = db
    .selectFrom('costRecords')
    .where('clientId', '=', clientId)
    .where('periodStart', '>=', from)
    .where('periodStart', '<', to)
    .$if(agentId !== undefined, (of) => of.where('agentId', '=', agentId!));
  const [sums, page] = [
    await records
      .select((eb) => [
        eb.fn.countAll<number>().as('instanceHours'),
        eb.fn.sum<string | null>('hoursRunning').as('hoursRunning'),
        eb.fn.sum<string | null>('hoursUnpriced').as('hoursUnpriced'),
        eb.fn.sum<string | null>('baselineCost').as('baseline'),
        eb.fn.sum<string | null>('actualCost').as('actual'),
        eb.fn.sum<string | null>('savings').as('savings'),
        capacityComparison({ clientId, from, to }).as('comparison'),
      ])
      .executeTakeFirstOrThrow(),
    await readPage({
      list: explainList,
      size: limit,
      safeSize: limit,
      read: (rows) =>
        records
          .selectAll()
          .$call(newestFirst(query, rows, { at: 'periodStart', id: 'instanceId' }))
          .execute(),
      positionOf: ({ periodStart, instanceId }) => timedPosition(periodStart, instanceId),
      toItems: (rows) => rows.map(toItem),
    }),
  ];
  return {
    client_id: clientId,
    from: from.toISOString(),
    to: to.toISOString(),
    rules: [...rules],
    overlays: overlays.filter((one) => isValidWithin(one, { from, to })).map(toOverlayItem),
    totals: {
      instance_hours: Number(sums.instanceHours),
      hours_running: Number(sums.hoursRunning ?? 0),
      hours_unpriced: Number(sums.hoursUnpriced ?? 0),
      baseline_cost: Number(sums.baseline ?? 0),
      actual_cost: Number(sums.actual ?? 0),
      savings: Number(sums.savings ?? 0),
    },
    capacity_manager: toComparison(sums.comparison),
    records: [...page.items],
    next_cursor: page.next ?? null,
  };
}

const isValidWithin = ({ validFrom, validUntil }: StoredOverlay, { from, to }: { from: Date; to: Date }) =>
  (validFrom === null || validFrom < to) && (validUntil === null || validUntil > from);

const toItem = (row: Selectable<CostRecordTable>) => ({
  instance_id: row.instanceId,
  agent_id: row.agentId,
  hour: row.periodStart.toISOString(),
  mode: row.mode,
  hours_running: Number(row.hoursRunning),
  hours_primary: Number(row.hoursPrimary),
  hours_unpriced: Number(row.hoursUnpriced),
  free_reason: row.freeReason,
  overlays: row.overlays?.split('\n') ?? [],
  baseline_cost: Number(row.baselineCost),
  actual_cost: Number(row.actualCost),
  savings: Number(row.savings),
});
