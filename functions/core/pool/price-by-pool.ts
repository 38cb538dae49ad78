import type { RawBuilder } from 'kysely';
import { caseOf } from '../../shared/case-of.ts';
import { toDecimal } from '../../shared/decimal.ts';
import type { PoolPrice } from './price.ts';

/** SQL for the price of the pool whose id is in a column; `otherwise` for pools that are not listed. */
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
