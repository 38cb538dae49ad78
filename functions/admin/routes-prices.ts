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
    summary: "Stores prices from EC2's own price history, for all tenants",
    body: z.object({
      prices: z
        .array(
          z.object({
            instance_type: text(64),
            az: text(48),
            price: z.number().meta({ description: 'USD per hour for a Linux Spot instance, from this time on' }),
            at: zonedTime,
          }),
        )
        .min(1)
        .max(2000),
    }),
    response: z.object({
      success: z.literal(true),
      pools: z.int().meta({ description: 'How many Spot pools the prices cover' }),
      buckets: z.int().meta({ description: 'How many prices were stored, one per pool and five-minute period' }),
      left_out: z
        .int()
        .meta({ description: 'How many prices were ignored: 0 or less, above 100, or in an unknown zone' }),
    }),
  },
} satisfies Routes;
