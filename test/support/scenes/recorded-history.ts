import { dayMs, minuteMs, startOf } from '../../../functions/shared/time.ts';
import { inserted } from '../database/insert-many.ts';
import type { Rig } from '../rig/rig.ts';

/** A ten-minute period of a pool: up, down, or `?` if nobody observed it. */
export type Mark = 'u' | 'd' | '?';

/** The record of one type's pools in us-east-1, by zone: a mark and a price for each ten minutes. */
export type Record30 = Readonly<
  Record<string, { readonly marks: readonly Mark[]; readonly prices: readonly number[] }>
>;

const stepMs = 10 * minuteMs;
export const stepsOf = (days: number) => (days * dayMs) / stepMs;

/** Spells of random length, with prices that change now and then. @param random 0…1 */
export function randomRecord(zones: readonly string[], days: number, random: () => number): Record30 {
  const steps = stepsOf(days);
  return Object.fromEntries(
    zones.map((zone) => {
      const marks: Mark[] = [];
      const prices: number[] = [];
      let price = 0.3;
      while (marks.length < steps) {
        const draw = random();
        const mark = draw < 0.6 ? 'u' : draw < 0.85 ? 'd' : '?';
        const length = 1 + Math.floor(random() * (mark === 'u' ? 120 : 20));
        price = Math.round((0.2 + 0.5 * random()) * 1e4) / 1e4;
        for (let n = 0; n < length && marks.length < steps; n += 1) {
          marks.push(mark);
          prices.push(price);
        }
      }
      return [zone, { marks, prices }];
    }),
  );
}

/** Stores a record that ends with the last whole ten minutes, and an on-demand price. */
export async function enterRecord(rig: Rig, type: string, record: Record30, onDemand: number): Promise<void> {
  const now = startOf(stepMs, rig.clock.now());
  const createdAt = new Date(now.getTime() - 60 * dayMs);
  const zones = Object.entries(record);
  const idOf = (zone: string) => `${type}.${zone}`;
  const facts = { instanceType: type, region: 'us-east-1', createdAt };
  await rig.db
    .insertInto('spotPools')
    .values(zones.map(([az]) => ({ id: idOf(az), poolName: idOf(az), az, ...facts })))
    .onDuplicateKeyUpdate((eb) => ({ id: eb.ref('spotPools.id') }))
    .execute();
  await rig.db
    .insertInto('ondemandPriceSnapshots')
    .values({
      clientId: '',
      instanceType: type,
      region: 'us-east-1',
      capturedAt: createdAt,
      price: onDemand.toFixed(6),
    })
    .execute();
  for (const [zone, { marks, prices }] of zones) {
    const timeOf = (step: number) => new Date(now.getTime() - (marks.length - step) * stepMs);
    const poolId = idOf(zone);
    const counts = { running: 1, launches: 0, refusals: 0 };
    await inserted(
      rig.db,
      'poolAvailability',
      marks.flatMap((mark, step) =>
        mark === '?'
          ? []
          : [{ poolId, bucket: timeOf(step), isUp: mark === 'u', ...counts, interruptions: Number(mark === 'd') }],
      ),
    );
    await inserted(
      rig.db,
      'pricingSnapshotsClean',
      prices.map((price, step) => ({
        poolId,
        timeBucket: timeOf(step),
        observedAt: timeOf(step),
        spotPrice: price.toFixed(6),
        sourceType: 'market',
        sourcePriority: 5,
        confidenceScore: '1.00',
      })),
    );
  }
}
