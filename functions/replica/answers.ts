import * as z from 'zod';

/** Response shapes for standbys, as agents and consoles read them (protocol 3). */

const Pool = z.object({
  id: z.string(),
  name: z.string(),
  instance_type: z.string(),
  region: z.string(),
  az: z.string(),
});
export const Promoted = z.object({
  success: z.literal(true),
  message: z.string(),
  new_instance_id: z.string(),
  old_instance_id: z.string().nullable(),
  demoted: z.boolean(),
  switch_time: z.iso.datetime(),
});
export const Changed = z.object({ success: z.literal(true), changed: z.boolean() });
export const StandbyStatus = z.object({
  agent_id: z.string(),
  auto_switch_enabled: z.boolean(),
  manual_replica_enabled: z.boolean(),
  primary_instance_id: z.string().nullable(),
  active_replicas: z.array(
    z.object({
      id: z.string(),
      instance_id: z.string().nullable(),
      type: z.string(),
      status: z.string(),
      pool_id: z.string(),
    }),
  ),
  emergency_mode_active: z.boolean(),
  pending_termination_at: z.iso.datetime().nullable(),
  counts: z.object({ active_replicas: z.int(), emergency_replicas: z.int(), interruptions_handled: z.int() }),
  last_emergency_event: z
    .object({
      detected_at: z.iso.datetime(),
      termination_time: z.iso.datetime(),
      failover_completed: z.boolean(),
      failover_time_ms: z.number().nullable(),
    })
    .nullable(),
});

/** The standby that is to be launched, or that was recorded. */
export const Created = z.object({
  success: z.literal(true),
  replica_id: z.string(),
  instance_id: z.string().nullable(),
  pool: Pool,
  hourly_cost: z.number().nullable(),
  status: z.string(),
  message: z.string(),
});

/** The standby that was ended. */
export const Removed = z.object({
  success: z.literal(true),
  message: z.string(),
  replica_id: z.string(),
  terminated_at: z.iso.datetime(),
});

/** The standby's current status. */
export const Attached = z.object({
  success: z.literal(true),
  replica_id: z.string(),
  instance_id: z.string(),
  status: z.string(),
});

/** The standby that is being prepared, or why there is none. */
export const Emergency = z.object({
  success: z.boolean(),
  replica_id: z.string().optional(),
  replica_instance_id: z.string().nullable().optional(),
  instance_id: z.string().nullable().optional(),
  existing: z.boolean().optional(),
  pool: z.object({ id: z.string(), name: z.string(), az: z.string() }).optional(),
  hourly_cost: z.number().nullable().optional(),
  urgency: z.enum(['critical', 'high']).optional(),
  message: z.string().optional(),
  error: z.string().optional(),
});

/** `success` makes the agent shut its instance down. */
export const Termination = z.object({
  success: z.boolean(),
  message: z.string(),
  new_instance_id: z.string().optional(),
  replica_id: z.string().optional(),
  failover_time_ms: z.number().optional(),
  action: z.string().optional(),
  error: z.string().optional(),
});
