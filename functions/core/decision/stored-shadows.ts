import { deflateSync, inflateSync } from 'node:zlib';
import { sql } from 'kysely';
import type { Db } from '../../shared/db.ts';
import { keyOfPlace, type Place } from '../pool/places.ts';
import type { Shadows } from './policy-a/shadows.ts';

export interface StoredShadows extends Place {
  /** The period they were last advanced by. */
  readonly observedAt: Date;
  readonly shadows: Shadows;
}

/** Shadows with the model whose hazards last advanced them. */
export interface MovedShadows extends StoredShadows {
  readonly model: string;
  readonly isDegraded: boolean;
}

/** Keyed by `type region`. */
export async function readShadows(db: Db, places: readonly Place[]): Promise<Map<string, StoredShadows>> {
  const rows = await db
    .selectFrom('policyShadows')
    .select(['instanceType', 'region', 'observedAt', 'state'])
    .where((eb) => eb.or(places.map(({ instanceType, region }) => eb.and({ instanceType, region }))))
    .execute();
  return new Map(rows.map(({ state, ...row }) => [keyOfPlace(row), { ...row, shadows: unpacked(state) }]));
}

/** A repeated or late run changes nothing. */
export async function writeShadows(db: Db, all: readonly MovedShadows[]): Promise<void> {
  if (all.length === 0) return;
  const newer = (column: string) =>
    sql<never>`IF(VALUES(observed_at) > observed_at, VALUES(${sql.ref(column)}), ${sql.ref(column)})`;
  await db
    .insertInto('policyShadows')
    .values(
      all.map(({ shadows, ...row }) => {
        const fitting = withRoom(shadows);
        const { startedAt, sums } = fitting;
        return { ...row, pacing: { startedAt, sums }, state: packed(fitting) };
      }),
    )
    .onDuplicateKeyUpdate({
      pacing: newer('pacing'),
      state: newer('state'),
      model: newer('model'),
      isDegraded: newer('is_degraded'),
      observedAt: sql`GREATEST(VALUES(observed_at), observed_at)`,
    })
    .execute();
}

/** What fits the column. */
const mostCharacters = 12_000;

const packed = (shadows: Shadows) => deflateSync(JSON.stringify(shadows)).toString('base64');
const unpacked = (state: string) => JSON.parse(inflateSync(Buffer.from(state, 'base64')).toString()) as Shadows;

/** If a place had more downtime in a week than there is room for, the oldest is dropped early. */
export function withRoom(shadows: Shadows): Shadows {
  let fitting = shadows;
  while (packed(fitting).length > mostCharacters) {
    const forgotten = Math.ceil(fitting.spent.length / 8);
    const gone = fitting.spent.slice(0, forgotten);
    fitting = {
      ...fitting,
      spent: fitting.spent.slice(forgotten),
      sums: fitting.sums.map((sum, n) => sum - gone.reduce((total, { seconds }) => total + seconds[n]!, 0)),
    };
  }
  return fitting;
}
