import * as z from 'zod';
import { claimedNumber, optional } from '../shared/fields.ts';

/** Schemas that the route tables of several Lambdas share: zod only, no logic. */

/**
 * `agent_id` of a path: the handle that register returned, `<agent uuid>~<instance id>`, or a bare uuid, which means
 * the agent's primary. It is not validated here: anything else is an unknown agent (404).
 */
export const ofAgent = z.object({ agent_id: z.string() });

export const Success = z.object({ success: z.literal(true) });

export const Mode = z.enum(['spot', 'ondemand', 'unknown']);
export const TargetMode = z.enum(['spot', 'ondemand']);

/** In percent, of each week or of any seven days. */
export const AvailabilityTarget = z.union([z.literal([99, 99.9, 99.95, 99.99]), z.literal('none')], {
  error: 'must be 99, 99.9, 99.95, 99.99 or none',
});
/** As it is stored: a share of the time, or `null`. */
export const storedTarget = (asked: z.infer<typeof AvailabilityTarget>): string | null =>
  asked === 'none' ? null : (asked / 100).toFixed(5);

export const AvailabilityForm = z.enum(['week', 'rolling']);

/** An agent's limits on voluntary moves. */
export const limitFields = {
  minSavingsPercent: z.number().min(0).max(100),
  riskThreshold: z.number().min(0).max(1),
  maxSwitchesPerWeek: z.int().min(0).max(100),
  maxSwitchesPerDay: z.int().min(0).max(100),
  minPoolDurationHours: z.int().min(0).max(168),
};

/** The longest work of a job, and the longest overhead of a launch, in seconds. Anything longer is a service. */
export const mostWorkSeconds = 90 * 86_400;
export const mostOverheadSeconds = 4 * 3600;

const PoolPrice = z.object({
  pool_id: optional(z.string().max(128)),
  instance_type: optional(z.string().max(64)),
  az: optional(z.string().max(48)),
  price: claimedNumber,
});
export const CheapestPool = z.object({ pool_id: optional(z.string().max(128)), price: claimedNumber });
export const PoolPrices = optional(z.array(PoolPrice).max(200));

/** A replica as v4 agents and consoles expect it; agents read `pool`, or the flat `pool_id` and `az`. */
export const Replica = z
  .object({
    id: z.string(),
    instance_id: z.string().nullable(),
    type: z.string(),
    status: z.string(),
    is_active: z.boolean(),
    pool_id: z.string(),
    az: z.string(),
    pool: z.object({ id: z.string(), name: z.string(), instance_type: z.string(), region: z.string(), az: z.string() }),
    sync_status: z.string(),
    sync_latency_ms: z.number().nullable(),
    state_transfer_progress: z.number(),
    cost: z.object({ hourly: z.number().nullable(), total: z.number() }),
    created_by: z.string(),
    created_at: z.iso.datetime(),
    ready_at: z.iso.datetime().nullable(),
    terminated_at: z.iso.datetime().nullable(),
    age_seconds: z.int(),
    tags: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Replica' });

export const Csv = z.string().meta({ description: 'A CSV file with a header' });

/** A link to a file that a browser opens without a header (docs/adr/0036). */
export const ExportLink = z.object({ success: z.literal(true), url: z.string(), expires_at: z.iso.datetime() });

/** What all export routes have in common, apart from id and path. The link carries its own permission. */
export const openExport = {
  method: 'GET',
  access: 'open',
  scope: 'none',
  summary: 'The file that the link points to',
  params: z.object({ link: z.string() }),
  isFile: true,
  response: Csv,
  errors: ['link_invalid'],
} as const;
