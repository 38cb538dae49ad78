import type { ControlPlane } from '../local/control-plane.ts';
import { isAvailable, type Market, type PriceStep } from '../local/market/market.ts';
import { syntheticMarket } from '../local/market/synthetic-market.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

interface MadeUp {
  readonly start: Date;
  readonly days: number;
  /** Time between two losses of a pool. */
  readonly lossEveryDays: number;
}

/** Synthetic prices with losses: one pool after another loses its capacity for two hours. */
export function marketWithLosses({ start, days, lossEveryDays }: MadeUp): Market {
  const market = syntheticMarket({ seed: 1, start, days });
  const pools = market.pools.map((pool, i) => {
    const capacity = [{ from: start.getTime(), count: 10_000 }];
    for (
      let at = start.getTime() + lossEveryDays * dayMs * ((i + 1) / market.pools.length);
      at < market.end.getTime();
    ) {
      const from = Math.round(at / 60_000) * 60_000;
      capacity.push({ from, count: 0 }, { from: from + 2 * hourMs, count: 10_000 });
      at += lossEveryDays * dayMs;
    }
    return { ...pool, capacity };
  });
  return { ...market, pools };
}

/** Makes the local AWS serve a market's prices, offerings, price list, Spot Advisor band and Capacity Manager days. */
export function exposeMarket(
  plane: ControlPlane,
  { pools, instanceType, region, onDemandPrice }: Market,
  now: () => Date,
) {
  const { ec2, priceList, spotAdvisor } = plane;
  const recent = (steps: readonly PriceStep[]) => {
    const [from, to] = [now().getTime() - 9 * dayMs, now().getTime()];
    const lastBefore = steps.findLastIndex((step) => step.from <= from);
    return steps.slice(Math.max(0, lastBefore)).filter((step) => step.from <= to);
  };
  ec2.spotPrices = () =>
    pools.flatMap(({ az, steps }) =>
      recent(steps).flatMap(({ from, price }) =>
        price === null ? [] : [{ instanceType, az, price: price.toFixed(6), at: new Date(from) }],
      ),
    );
  ec2.offerings = () => pools.map(({ az }) => ({ instanceType, az }));
  ec2.placementScores = () =>
    pools.map((pool, i) => ({ zoneId: `${region}-az${i + 1}`, score: isAvailable(pool, now()) ? 9 : 1 }));
  spotAdvisor.advice = { [region]: { [instanceType]: 1 } };
  priceList.products = () => [
    {
      attributes: {
        instanceType,
        regionCode: region,
        operatingSystem: 'Linux',
        tenancy: 'Shared',
        preInstalledSw: 'NA',
        capacitystatus: 'Used',
      },
      pricePerUnit: { USD: String(onDemandPrice) },
    },
  ];
  const midnight = () => Math.floor(now().getTime() / dayMs) * dayMs;
  ec2.capacityMetrics = () =>
    [1, 2, 3].flatMap((daysAgo) =>
      pools.map((_, i) => ({
        day: new Date(midnight() - daysAgo * dayMs),
        region,
        zoneId: `${region}-az${i + 1}`,
        instanceType,
        metrics: { 'spot-total-usage-hrs': 1200, 'spot-total-estimated-cost': 40 },
      })),
    );
}
