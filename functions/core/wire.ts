import * as z from 'zod';
import { claimedNumber, optional } from '../shared/fields.ts';

/** Schemas that the route tables of several Lambdas share: zod and nothing that runs. */

/**
 * `agent_id` of a path: the handle that register returned, `<agent uuid>~<instance id>`, or a bare uuid, which means the
 * agent's primary. Whatever else stands there is an agent we do not know (404), so it is not validated here.
 */
export const ofAgent = z.object({ agent_id: z.string() });

export const Success = z.object({ success: z.literal(true) });

export const Mode = z.enum(['spot', 'ondemand', 'unknown']);
export const TargetMode = z.enum(['spot', 'ondemand']);

const PoolPrice = z.object({
  pool_id: optional(z.string().max(128)),
  instance_type: optional(z.string().max(64)),
  az: optional(z.string().max(48)),
  price: claimedNumber,
});
export const CheapestPool = z.object({ pool_id: optional(z.string().max(128)), price: claimedNumber });
export const PoolPrices = optional(z.array(PoolPrice).max(200));

export const Csv = z.string().meta({ description: 'A CSV file with a header' });

/** A link to a file, which a browser opens without a header (docs/adr/0036). */
export const ExportLink = z.object({ success: z.literal(true), url: z.string(), expires_at: z.iso.datetime() });
export const ofLink = z.object({ link: z.string() });
