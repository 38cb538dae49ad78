import { type SilentPrimary, silentPrimaries } from '../core/agent/silent-primaries.ts';
import { takeOver } from '../core/agent/take-over.ts';
import { regionToAsk } from '../core/pool/region.ts';
import type { Db } from '../shared/db.ts';
import { failingInstances } from './aws.ts';
import { openAccount } from './aws-account.ts';
import { eachTenant } from './each-tenant.ts';

/**
 * Has standbys take over from primaries that are silent and fail EC2's status checks, which EventBridge does not
 * report. Silence alone takes longer, because the fault may be ours (docs/adr/0026).
 * @returns how many standbys were told to take over
 */
export async function replaceFailing(db: Db, now: Date, hasTime: () => boolean): Promise<number> {
  const check = (silent: readonly [SilentPrimary, ...SilentPrimary[]]) => checkTenant(db, silent, now);
  return eachTenant('asking EC2 for failed status checks', await silentPrimaries(db, now), check, hasTime);
}

async function checkTenant(db: Db, silent: readonly [SilentPrimary, ...SilentPrimary[]], now: Date): Promise<number> {
  const account = await openAccount(db, silent[0], now);
  if (!account) return 0;
  let replaced = 0;
  for (const [region, those] of Map.groupBy(silent, (primary) => regionToAsk(primary))) {
    const asked = region === undefined ? undefined : await account.ask(region, failingInstances);
    if (!asked || 'nextAt' in asked) continue;
    for (const { clientId, agentId, instanceId, standbyId } of those) {
      if (!asked.answer.has(instanceId)) continue;
      await takeOver(db, { clientId, agentId, instanceId: standbyId, failing: instanceId }, now);
      replaced += 1;
    }
  }
  return replaced;
}
