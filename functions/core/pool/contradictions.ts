import type { Db } from '../../shared/db.ts';
import { dayMs, startOf } from '../../shared/time.ts';
import { record } from '../event/events.ts';
import type { KnownPrices } from './known-prices.ts';
import { failedLookUpPrice, isPrice, type PriceReport } from './price.ts';

/** A reported on-demand price that is further from the price list's than this share of it is recorded. */
const agreement = 0.1;

/** The on-demand price that a report's sender claims, where it contradicts the price list. What a failed look-up says is no claim. */
export function contradiction({ onDemand }: PriceReport, { listed }: KnownPrices): number | undefined {
  if (listed === undefined || !isPrice(onDemand) || onDemand === failedLookUpPrice) return undefined;
  return Math.abs(onDemand - listed) > agreement * listed ? onDemand : undefined;
}

interface Contradiction {
  readonly clientId: string;
  readonly agentId: string;
  readonly instanceId: string;
  readonly instanceType: string;
  readonly region: string;
  /** USD per instance-hour. */
  readonly claimed: number;
  readonly listed: number;
}

/** Records that an agent reports an on-demand price which is not used: once a day, as it reports every five minutes. */
export async function recordContradiction(
  db: Db,
  { clientId, agentId, instanceId, instanceType, region, claimed, listed }: Contradiction,
  now: Date,
): Promise<void> {
  await record(
    db,
    {
      clientId,
      agentId,
      instanceId,
      type: 'ondemand_discrepancy',
      severity: 'warning',
      message: `${instanceId} reports ${claimed} USD an hour for ${instanceType} on-demand in ${region}: the price list says ${listed}, which is used`,
      metadata: { instanceType, region, claimed, listed },
      dedupeKey: `ondemand_discrepancy:${agentId}:${startOf(dayMs, now).toISOString()}`,
    },
    now,
  );
}
