import { sql } from 'kysely';
import { chunks } from '../../shared/chunks.ts';
import type { Db } from '../../shared/db.ts';
import { dayMs, hourMs } from '../../shared/time.ts';

/**
 * The bands of Spot Advisor, by their index there: the share of instances of a type in a region that EC2 has taken back in the
 * last month.
 */
const interruptionBands = ['<5%', '5-10%', '10-15%', '15-20%', '>20%'] as const;
export type InterruptionBand = (typeof interruptionBands)[number];

/** The band that a column holds. */
export const bandOf = (index: number | null): InterruptionBand | null =>
  index === null ? null : (interruptionBands[index] ?? null);

const monthHours = (30 * dayMs) / hourMs;

/** What each of the bands says of an hour: losses of a pool, expected at the middle of the band. The last one has no end. */
const hazards: Readonly<Partial<Record<number, number>>> = Object.fromEntries(
  [0.025, 0.075, 0.125, 0.175].map((share, index) => [index, -Math.log(1 - share) / monthHours]),
);

/**
 * Losses per hour that a band leads to expect. `undefined` for the last band, which is open above: all that hazard models were fitted on
 * is in it (docs/adr/0064), so they tell more.
 */
export const hazardOfBand = (index: number | null): number | undefined => (index === null ? undefined : hazards[index]);

interface Bands {
  readonly region: string;
  /** An index of `interruptionBands`; `null` where Spot Advisor has none. */
  readonly bands: readonly (readonly [instanceType: string, band: number | null])[];
}

/** Rows of a statement. */
const atOnce = 500;

/** Keeps the bands of types in a region, and that they have been asked for. */
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
