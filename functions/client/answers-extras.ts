import * as z from 'zod';
import { Mode, TargetMode } from '../core/wire.ts';

/** Response shapes of the routes that older consoles do not have (protocol 10). */

const Time = z.iso.datetime();

export const Statistics = z.object({
  agent_id: z.string(),
  decisions: z.object({ total: z.int(), moves: z.int(), allowed: z.int() }),
  switches: z.object({ total: z.int(), commands_completed: z.int(), commands_failed: z.int() }),
  success_rate: z.number(),
  savings: z.number(),
  totalDecisions: z.int(),
  successRate: z.number(),
});

export const LogItem = z.object({
  timestamp: Time,
  event_type: z.string(),
  message: z.string(),
  severity: z.string(),
  metadata: z.record(z.string(), z.unknown()),
});

const VolatilePool = z.object({
  pool_id: z.string(),
  name: z.string(),
  az: z.string(),
  price: z.number().nullable(),
  mean_price: z.number().nullable(),
  coefficient_of_variation: z.number().nullable(),
  volatility: z.enum(['very_low', 'low', 'medium', 'high', 'unknown']),
  data_points: z.int(),
});
export const Volatility = z.object({
  instance_id: z.string(),
  days: z.int(),
  current_pool: VolatilePool.nullable(),
  alternative_pools: z.array(VolatilePool),
});

export const Simulation = z.object({
  instance_id: z.string(),
  current_mode: Mode,
  current_pool: z.string().nullable(),
  current_price: z.number(),
  target_mode: TargetMode,
  target_pool: z.string().nullable(),
  target_price: z.number(),
  hourly_saving: z.number(),
  daily_saving: z.number(),
  monthly_saving: z.number(),
  recommendation: z.enum(['switch', 'stay']),
});

export const Downtime = z.object({
  days: z.int(),
  total_switches: z.int(),
  total_downtime_seconds: z.int(),
  average_downtime_seconds: z.number(),
  by_trigger: z.array(
    z.object({ trigger: z.string(), switches: z.int(), downtime_seconds: z.int(), longest_seconds: z.int() }),
  ),
  longest: z.object({ switch_id: z.string(), downtime_seconds: z.int(), timestamp: Time.nullable() }).nullable(),
});

export const PricingAlert = z.object({
  id: z.string(),
  pool_id: z.string(),
  direction: z.enum(['below', 'above']),
  threshold: z.number(),
  current_price: z.number().nullable(),
  priced_at: Time.nullable(),
  triggered: z.boolean(),
  notified_at: Time.nullable(),
  created_at: Time,
});
export const AlertCreated = z.object({ success: z.literal(true), alert_id: z.string() });

export const EventItem = z.object({
  id: z.string(),
  timestamp: Time,
  event_type: z.string(),
  severity: z.string(),
  message: z.string(),
  client_id: z.string().nullable(),
  agent_id: z.string().nullable(),
  instance_id: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()),
});
