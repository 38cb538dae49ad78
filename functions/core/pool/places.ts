import { sql } from 'kysely';

/** The pools of an instance type in a region: siblings of each other. */
export interface Place {
  readonly instanceType: string;
  readonly region: string;
}

export const keyOfPlace = ({ instanceType, region }: Place) => `${instanceType} ${region}`;

/** Whether the pool `p` is in one of the places. */
export const isInPlaces = (places: readonly Place[]) =>
  sql<boolean>`(p.instance_type, p.region) IN (${sql.join(
    places.map(({ instanceType, region }) => sql`(${instanceType}, ${region})`),
  )})`;
