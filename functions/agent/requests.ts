import * as z from 'zod';
import { placeOf, regionOfZone, zoneShape } from '../core/pool/region.ts';
import { CheapestPool, Mode, mostWorkSeconds, PoolPrices } from '../core/wire.ts';
import { claimedNumber, claimedTime, optional, quotedTime, text } from '../shared/fields.ts';

/** Request bodies that agents of both versions actually send (protocol 2). */

/** The zone of a registering instance, from its metadata. An invalid one is rejected: a retry may get a valid one. */
const Zone = text(48)
  .refine((az) => regionOfZone(az) !== undefined, {
    error: ({ input }) => `must be an availability zone such as us-east-1a, not ${input}`,
  })
  .meta({ pattern: zoneShape });

/** An incidental zone: an invalid one does not fail the request. */
const claimedZone = optional(z.string().max(48)).transform((az) => placeOf(az).az);

export const RegisterRequest = z.object({
  client_token: optional(z.string().max(255)),
  logical_agent_id: text(255),
  instance_id: text(64),
  instance_type: text(64),
  region: text(32),
  az: Zone,
  hostname: optional(z.string().max(255)),
  ami_id: optional(z.string().max(64)),
  mode: optional(Mode),
  agent_version: optional(z.string().max(32)),
  private_ip: optional(z.string().max(45)),
  public_ip: optional(z.string().max(45)),
});

export const HeartbeatRequest = z.object({
  status: z.enum(['online', 'disabled', 'offline', 'switching', 'error']).default('online'),
  monitored_instances: optional(z.array(z.string().max(64)).max(100)),
  instance_id: optional(z.string().max(64)),
  instance_type: optional(text(64)),
  mode: optional(Mode),
  az: claimedZone,
  // The next two come only from agents that accept `merged` (protocol A2).
  accepts: optional(z.array(z.enum(['merged'])).max(4)),
  config_version: optional(z.int().min(0)),
  /** For a job with a deadline; agents in the field do not send it. Rounded up to whole seconds. */
  remaining_work_seconds: optional(z.number().min(0).max(mostWorkSeconds)).transform((work) =>
    work === undefined ? undefined : Math.ceil(work),
  ),
});

/** Accepts both shapes: v4 wraps its prices in `pricing`, v3.2 has them at the top level (protocol A6). */
export const PricingReport = z.object({
  instance: z.object({
    instance_id: text(64),
    instance_type: optional(text(64)),
    region: optional(text(32)),
    az: optional(text(48)),
    mode: optional(Mode),
    pool_id: optional(z.string().max(128)),
    current_mode: optional(Mode),
    current_pool_id: optional(z.string().max(128)),
  }),
  pricing: optional(
    z.object({
      on_demand_price: claimedNumber,
      current_spot_price: claimedNumber,
      cheapest_pool: optional(CheapestPool),
      spot_pools: PoolPrices,
      collected_at: claimedTime,
    }),
  ),
  on_demand_price: optional(z.object({ price: claimedNumber })),
  spot_pools: PoolPrices,
});

const SwitchSide = z.object({
  instance_id: optional(z.string().max(64)),
  instance_type: optional(z.string().max(64)),
  region: optional(z.string().max(32)),
  az: claimedZone,
  ami_id: optional(z.string().max(64)),
  mode: optional(Mode),
  pool_id: optional(z.string().max(128)),
});
const SwitchPrices = z.object({ on_demand: claimedNumber, old_spot: claimedNumber, new_spot: claimedNumber });

/** Accepts the keys that both agent versions send, and those of the server they were written for (protocol A7). */
export const SwitchReport = z.object({
  old_instance: optional(SwitchSide),
  new_instance: SwitchSide.extend({ instance_id: text(64) }),
  snapshot: optional(
    z.object({
      used: optional(z.boolean()),
      snapshot_id: optional(z.string().max(64)),
      volume_id: optional(z.string().max(64)),
    }),
  ),
  prices: optional(SwitchPrices),
  pricing: optional(SwitchPrices),
  timing: optional(
    z.object({
      switch_initiated_at: quotedTime,
      initiated_at: quotedTime,
      ami_created_at: quotedTime,
      new_instance_launched_at: quotedTime,
      instance_launched_at: quotedTime,
      new_instance_ready_at: quotedTime,
      instance_ready_at: quotedTime,
      traffic_switched_at: quotedTime,
      old_instance_terminated_at: quotedTime,
      old_terminated_at: quotedTime,
    }),
  ),
  trigger: optional(z.string().max(32)),
  command_id: optional(z.string().max(64)),
});

const CleanupSection = z.object({
  deleted: optional(z.array(z.unknown())),
  deleted_amis: optional(z.array(z.unknown())),
  deleted_snapshots: optional(z.array(z.unknown())),
  failed: optional(z.array(z.unknown())),
  cutoff_date: claimedTime,
  error: optional(z.string()),
});
export const CleanupReport = z.object({
  timestamp: claimedTime,
  snapshots: optional(CleanupSection.loose()),
  amis: optional(CleanupSection.loose()),
});
