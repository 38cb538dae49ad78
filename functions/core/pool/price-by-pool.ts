import type { RawBuilder } from 'kysely';
import { caseOf } from '../../shared/case-of.ts';
import { toDecimal } from '../../shared/decimal.ts';
import type { PoolPrice } from './price.ts';

/** The price of each of these pools, by the pool's id that a column holds, and `otherwise` for any other. */
export const priceByPool = (
  column: string,
  pools: readonly Pick<PoolPrice, 'id' | 'price'>[],
  otherwise: RawBuilder<unknown>,
) =>
  caseOf(
    column,
    pools.map(({ id, price }) => [id, toDecimal(price)]),
    otherwise,
  );
