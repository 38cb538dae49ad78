import { sql } from 'kysely';
import { chunks } from '../../shared/chunks.ts';
import type { Db } from '../../shared/db.ts';
import { dayMs, hourMs } from '../../shared/time.ts';

/** Spot Advisor's bands by index: the share of a type's instances in a region that EC2 reclaimed in the last month. */
const interruptionBands = ['<5%', '5-10%', '10-15%', '15-20%', '>20%'] as const;
export type InterruptionBand = (typeof interruptionBands)[number];

/** The band for a stored index. */
export const bandOf = (index: number | null): InterruptionBand | null =>
  index === null ? null : (interruptionBands[index] ?? null);

const monthHours = (30 * dayMs) / hourMs;

/** Expected losses of a pool per hour, from the middle of each band. The last band is open-ended and has none. */
const hazards: Readonly<Partial<Record<number, number>>> = Object.fromEntries(
  [0.025, 0.075, 0.125, 0.175].map((share, index) => [index, -Math.log(1 - share) / monthHours]),
);

/**
 * Expected losses per hour for a band. `undefined` for the last band, which is open-ended: hazard models were fitted on
 * traces from that band alone (docs/adr/0064), so they say more.
 */
export const hazardOfBand = (index: number | null): number | undefined => (index === null ? undefined : hazards[index]);

interface Bands {
  readonly region: string;
  /** `band` is an index of `interruptionBands`; `null` if Spot Advisor has none. */
  readonly bands: readonly (readonly [instanceType: string, band: number | null])[];
}

/** Rows per statement. */
const atOnce = 500;

/** Stores the bands of types in a region, and when they were asked for. */
export async function recordBands(db: Db, { region, bands }: Bands, now: Date): Promise<void> {
  for (const those of chunks(bands, atOnce))
    await db
      .insertInto('marketPlaces')
      .values(
        those.map(([instanceType, interruptionBand]) => ({ instanceType, region, interruptionBand, bandAt: now })),
      )
      .onDuplicateKeyUpdate({ interruptionBand: sql`VALUES(interruption_band)`, bandAt: now })
      .execute();
}
