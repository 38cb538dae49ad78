import * as z from 'zod';
import { claimedTime, needsOne, optional, text } from '../shared/fields.ts';
import { sizeOf } from '../shared/json-bounds.ts';

/** Requests about standbys that agents and consoles send (protocol 3). */

export const Status = z.enum(['launching', 'syncing', 'ready', 'promoted', 'terminated', 'failed']);

/** Any JSON that fits into its column. */
const Tags = z.record(z.string(), z.unknown()).refine((tags) => sizeOf(tags, 'replica_instances.tags').fits, {
  error: ({ input }) => {
    const { bytes, max } = sizeOf(input, 'replica_instances.tags');
    return `has ${bytes} bytes as JSON; it may have at most ${max}`;
  },
});

export const CreateReplicaRequest = z.object({
  pool_id: optional(text(128)),
  target_pool_id: optional(text(128)),
  exclude_zones: optional(z.array(z.string().max(48)).max(50)),
  max_hourly_cost: optional(z.number().positive()),
  tags: optional(Tags),
  created_by: optional(z.string().max(64)).transform((by) => by ?? 'unknown'),
  instance_id: optional(text(64)),
  replica_type: optional(z.string().max(32)),
  parent_instance_id: optional(z.string().max(64)),
  status: optional(z.string().max(16)),
});

export const StatusRequest = z.object({
  status: z.enum(['launching', 'syncing', 'ready', 'failed', 'terminated']),
  sync_started_at: claimedTime.optional(),
  sync_completed_at: claimedTime.optional(),
  error_message: optional(z.string().max(2000)).optional(),
  is_active: optional(z.boolean()).optional(),
  terminated_at: claimedTime.optional(),
});

export const SyncRequest = needsOne(
  z.object({
    sync_status: optional(z.enum(['initializing', 'syncing', 'synced', 'out-of-sync'])),
    sync_latency_ms: optional(
      z
        .int()
        .min(0)
        .max(2 ** 31 - 1),
    ),
    state_transfer_progress: optional(z.number().min(0).max(100)),
    status: optional(z.enum(['launching', 'syncing', 'ready', 'failed', 'terminated'])),
  }),
).refine((body) => Object.values(body).some((value) => value !== undefined), 'at least one field is required');

/** Which instance was launched. */
export const AttachRequest = z.object({
  instance_id: text(64).startsWith('i-', 'must be an EC2 instance id, i-…'),
  status: optional(z.enum(['launching', 'syncing', 'ready'])).transform((status) => status ?? ('syncing' as const)),
});

/** What EC2 announced for the instance. */
export const EmergencyRequest = z.object({
  signal_type: z.enum(['rebalance-recommendation', 'termination-notice']),
  instance_id: optional(text(64)),
  termination_time: claimedTime,
  preferred_zones: optional(z.array(z.string().max(48)).max(50)),
  exclude_zones: optional(z.array(z.string().max(48)).max(50)),
});

/** An interruption notice: when EC2 will take the instance. */
export const TerminationRequest = z.object({
  instance_id: optional(text(64)),
  termination_time: claimedTime,
  detected_at: claimedTime,
  replica_id: optional(z.string().max(64)),
});
