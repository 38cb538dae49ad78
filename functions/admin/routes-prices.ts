import * as z from 'zod';
import { text, zonedTime } from '../shared/fields.ts';
import type { Routes } from '../shared/route.ts';

/** The route by which operators import EC2's own price history. */
export const priceRoutes = {
  importPrices: {
    id: 'E3',
    method: 'POST',
    path: '/api/admin/prices',
    access: 'admin',
    scope: 'admin',
    summary: "Keeps prices from EC2's own price history, which every tenant may rely on",
    body: z.object({
      prices: z
        .array(
          z.object({
            instance_type: text(64),
            az: text(48),
            price: z.number().meta({ description: 'USD per hour of a Linux Spot instance, from this time on' }),
            at: zonedTime,
          }),
        )
        .min(1)
        .max(2000),
    }),
    response: z.object({
      success: z.literal(true),
      pools: z.int().meta({ description: 'Spot pools that the prices are of' }),
      buckets: z.int().meta({ description: 'Prices that are kept, one for each pool and five minutes' }),
      left_out: z.int().meta({ description: 'Prices that cannot be one (0 or less, above 100), or of no known zone' }),
    }),
  },
} satisfies Routes;
