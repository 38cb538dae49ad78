import * as z from 'zod';
import { Mode, TargetMode } from '../core/wire.ts';

/** Response shapes for decisions, switches and savings, as consoles read them (protocol 10). */

const Time = z.iso.datetime();
const Health = z.enum(['healthy', 'unhealthy']);
const DecisionType = z.enum(['stay', 'switch_spot', 'switch_ondemand']);

export const DecisionItem = z.object({
  agentId: z.string(),
  agentName: z.string(),
  status: z.string(),
  lastDecision: z.object({
    type: DecisionType.nullable(),
    elapsed: z
      .object({ value: z.int(), unit: z.enum(['min', 'h', 'd']), formatted: z.string(), minutes: z.int() })
      .nullable(),
    time: Time.nullable(),
    reason: z.string().nullable(),
  }),
  pricingHealth: z.object({
    status: Health,
    recentReportsCount: z.int(),
    recentReports: z.array(z.object({ time: z.string(), onDemandPrice: z.number(), spotPrice: z.number() })),
  }),
  currentMode: Mode,
  currentPoolId: z.string().nullable(),
  isHealthy: z.boolean(),
  lastHeartbeat: Time.nullable(),
  decisionHistory: z.array(z.object({ type: DecisionType, time: Time, reason: z.string(), allowed: z.boolean() })),
  recentActivity: z.object({
    pricingReports: z.int(),
    systemEvents: z.array(z.object({ type: z.string(), time: Time, message: z.string(), severity: z.string() })),
    healthStatus: Health,
  }),
});

/** What a tenant pays instead of a public price; money in USD per hour. */
const PriceOverlay = z.object({
  name: z.string().nullable(),
  instance_type: z.string().nullable().meta({ description: 'null means every type without a row of its own' }),
  mode: TargetMode,
  multiplier: z.number().nullable(),
  hourly_price: z.number().nullable(),
  from: z.iso.datetime().nullable(),
  until: z.iso.datetime().nullable(),
});
export const PriceOverlays = z.object({ overlays: z.array(PriceOverlay) });

/** How savings are calculated; money in USD. */
export const SavingsExplained = z.object({
  client_id: z.string(),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  rules: z.array(z.string()),
  overlays: z.array(PriceOverlay).meta({ description: 'What the tenant pays instead of public prices in this period' }),
  totals: z.object({
    instance_hours: z.int(),
    hours_running: z.number(),
    hours_unpriced: z.number(),
    baseline_cost: z.number(),
    actual_cost: z.number(),
    savings: z.number(),
  }),
  capacity_manager: z
    .object({
      days: z.int(),
      spot_cost: z.number(),
      ondemand_cost: z.number(),
      interruptions: z.int(),
      our_cost: z.number(),
      difference: z.number(),
    })
    .nullable()
    .meta({ description: 'What EC2 Capacity Manager reports for the whole days of this period; null if nothing' }),
  records: z.array(
    z.object({
      instance_id: z.string(),
      agent_id: z.string(),
      hour: z.iso.datetime(),
      mode: z.string(),
      hours_running: z.number(),
      hours_primary: z.number(),
      hours_unpriced: z.number(),
      free_reason: z.string().nullable(),
      overlays: z.array(z.string()).meta({
        description: 'The overlays that priced the hour: their names, or `spot, m5.large` for one without a name',
      }),
      baseline_cost: z.number(),
      actual_cost: z.number(),
      savings: z.number(),
    }),
  ),
  next_cursor: z.string().nullable(),
});

export const MonthlySavings = z.object({
  name: z.string(),
  year: z.int(),
  month: z.int(),
  savings: z.number(),
  onDemandCost: z.number(),
  modelCost: z.number(),
});

export const Charts = z.object({
  savingsTrend: z.array(
    z.object({ month: z.string(), year: z.int(), savings: z.number(), baseline: z.number(), actual: z.number() }),
  ),
  modeDistribution: z.array(z.object({ mode: z.string(), count: z.int() })),
  switchFrequency: z.array(z.object({ date: z.iso.date(), switches: z.int() })),
});

export const SwitchItem = z.object({
  id: z.string(),
  timestamp: Time,
  instanceId: z.string(),
  oldInstanceId: z.string(),
  newInstanceId: z.string(),
  fromMode: Mode,
  toMode: Mode,
  fromPool: z.string(),
  toPool: z.string(),
  trigger: z.string(),
  price: z.number(),
  savingsImpact: z.number(),
});
