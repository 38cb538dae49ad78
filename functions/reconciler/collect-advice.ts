import { duePlaces, everywhere, saveAsked, saveEtag } from '../core/pool/collections.ts';
import { recordBands } from '../core/pool/interruption-bands.ts';
import type { Db } from '../shared/db.ts';
import type { RunTime } from '../shared/run-time.ts';
import { eachRegion } from './each-region.ts';
import { fetchAdvice } from './spot-advisor.ts';

/**
 * Reads once a day how often EC2 interrupts instances of each type, from one file for all regions. The file is
 * downloaded again if it has changed, or if a type is new.
 * @returns for how many pairs of type and region it has a band
 */
export async function collectAdvice(db: Db, time: RunTime, now: Date): Promise<number> {
  const due = await duePlaces(db, 'spot-advisor', now);
  const [first] = due;
  if (!first) return 0;
  const known = due.some(({ hasNew }) => hasNew) ? undefined : first.etag;
  const keepAll = async () => {
    const advice = await fetchAdvice(known);
    if (!advice) {
      for (const { region, instanceTypes } of due) await saveAsked(db, 'spot-advisor', { region, instanceTypes }, now);
      return 0;
    }
    let told = 0;
    for (const { region, instanceTypes } of due) {
      const bands = instanceTypes.map((type) => [type, advice.bandOf(region, type)] as const);
      await recordBands(db, { region, bands }, now);
      told += bands.filter(([, band]) => band !== null).length;
    }
    await saveEtag(db, 'spot-advisor', advice.etag ?? null);
    return told;
  };
  const file = { ...first, region: everywhere };
  return eachRegion(db, { source: 'spot-advisor', due: [file] }, keepAll, time, now);
}
