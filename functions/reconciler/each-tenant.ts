import { logger } from '../shared/logger.ts';

/** Tenants at a time: one whose calls hang holds few others up. */
const concurrency = 5;

/** One tenant that cannot be dealt with holds no other one up: it is logged, and tried again by the next run. */
export async function eachTenant<T>(items: readonly T[], hasTime: () => boolean, work: (item: T) => Promise<number>) {
  let changed = 0;
  const rest = items.values();
  const drain = async () => {
    for (const item of rest) {
      if (!hasTime()) return;
      try {
        const n = await work(item);
        changed += n; // not `+= await`: another may have counted meanwhile
      } catch (error) {
        logger.error('reconciliation failed', { error: error as Error });
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, drain));
  return changed;
}
