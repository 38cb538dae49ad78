import type { Agent, TargetMode } from '../../shared/schema.ts';
import type { History } from '../agent/state.ts';
import { comparedPrice, overlayFor } from '../savings/overlay.ts';
import type { DecisionInput, PoolState } from './decision-input.ts';

/**
 * What an agent's tenant pays for instances of its type instead of public prices, USD per hour (docs/adr/0095). Each
 * function takes a public price.
 */
export interface PaidPrices {
  readonly paid: (mode: TargetMode, price: number) => number;
  readonly onDemand: (price: number | null) => Pick<DecisionInput['prices'], 'onDemand' | 'publicOnDemand'>;
  readonly pool: (price: number) => Pick<PoolState, 'price' | 'publicPrice'>;
  /** The names of the overlays that apply. */
  readonly overlays: readonly string[];
}

export function pricesPaidBy(
  { instanceType }: Pick<Agent, 'instanceType'>,
  history: Pick<History, 'overlays'>,
  now: Date,
): PaidPrices {
  const overlayOf = (mode: TargetMode) => overlayFor(history.overlays, { instanceType, mode }, now.getTime());
  const applied = { spot: overlayOf('spot'), ondemand: overlayOf('ondemand') };
  const overlays = Object.values(applied).flatMap((overlay) => overlay?.label ?? []);
  const paid = (mode: TargetMode, price: number) => comparedPrice(applied[mode], price);
  const differ = overlays.length > 0;
  return {
    paid,
    onDemand: (price) => ({ onDemand: price && paid('ondemand', price), ...(differ && { publicOnDemand: price }) }),
    pool: (price) => ({ price: paid('spot', price), ...(differ && { publicPrice: price }) }),
    overlays,
  };
}
