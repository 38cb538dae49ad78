import * as z from 'zod';
import { Mode } from '../core/wire.ts';

/** Response shapes for pools and prices, as consoles read them (protocol 10). Prices are in USD per instance-hour. */

const NamedPool = z.object({ id: z.string(), name: z.string(), az: z.string() });

export const InstancePricing = z.object({
  currentMode: Mode,
  currentPool: NamedPool.nullable(),
  onDemand: z.object({ name: z.string(), price: z.number() }),
  pools: z.array(NamedPool.extend({ price: z.number(), savings: z.number() })),
});

export const InstanceMetrics = z.object({
  id: z.string(),
  instanceType: z.string().nullable(),
  currentMode: Mode,
  currentPoolId: z.string().nullable(),
  uptimeHours: z.int(),
  totalSwitches: z.int(),
  switchesLast7Days: z.int(),
  switchesLast30Days: z.int(),
  totalSavings: z.number(),
  savingsLast30Days: z.number(),
  spotPrice: z.number(),
  onDemandPrice: z.number(),
  baselineOnDemandPrice: z.number(),
  hoursSinceLastSwitch: z.int().nullable(),
});

export const PriceHistory = z.object({
  /** In addition to these fields, each pool's price under the pool's key. */
  data: z.array(
    z.object({ time: z.string(), onDemand: z.number() }).catchall(z.union([z.number(), z.string(), z.null()])),
  ),
  pools: z.array(NamedPool.extend({ key: z.string() })),
  onDemandPrice: z.number(),
});

export const PricingHistory = z.object({
  history: z.array(
    z.object({
      timestamp: z.string(),
      ondemand_price: z.number(),
      spot_pools: z.array(z.object({ pool_id: z.string(), az: z.string(), price: z.number() })),
      price: z.number(),
    }),
  ),
  days: z.int(),
  data_points: z.int(),
  agent_id: z.string(),
  instance_type: z.string().nullable(),
  region: z.string().nullable(),
});

const Option = z.object({
  id: z.string(),
  az: z.string(),
  instanceType: z.string(),
  price: z.number().nullable(),
  placementScore: z.int().nullable(),
  placementScoredAt: z.iso.datetime().nullable(),
  lossChances: z.object({ halfHour: z.number(), hour: z.number(), sixHours: z.number() }).nullable().meta({
    description:
      'The chances, 0 to 1, that the pool, up now, is lost within these times; null if it is not seen to be up',
  }),
});

export const AvailableOptions = z.object({
  pools: z.array(Option),
  availablePools: z.array(Option),
  instanceTypes: z.array(z.string()),
  availableTypes: z.array(z.string()),
  interruptionBand: z.enum(['<5%', '5-10%', '10-15%', '15-20%', '>20%']).nullable(),
  currentType: z.string(),
  currentRegion: z.string(),
  currentAz: z.string(),
});
