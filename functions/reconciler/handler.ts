import { jobHandler } from '../shared/job.ts';
import { collectMarket } from './collect-market.ts';
import { collectPrices } from './collect-prices.ts';
import { reconcileInstances } from './reconcile.ts';

export const handler = jobHandler<'reconciler'>({
  'reconcile-instances': reconcileInstances,
  'collect-prices': collectPrices,
  'collect-market': collectMarket,
});
