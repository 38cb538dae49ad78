import * as z from 'zod';
import { CheapestPool, Mode, ofAgent, PoolPrices, TargetMode } from '../core/wire.ts';
import { claimedNumber, optional } from '../shared/fields.ts';
import type { Routes } from '../shared/route.ts';

/** Explains a decision: `terms` by policy A, for an agent with a target; `job` by policy B, for one with a deadline. */
const Explanation = z.object({
  policy: z.string(),
  model: z.string().nullable(),
  degraded: z.boolean(),
  terms: z
    .object({
      pacing: z.enum(['observed', 'blind']),
      observed_share: z.number(),
      downtime_price: z.number(),
      budget_seconds: z.number(),
      spent_seconds: z.number(),
      entry_seconds: z.number(),
      threshold_hours: z.number(),
      pools: z.array(
        z.object({
          id: z.string(),
          price: z.number(),
          availability: z.string(),
          hazard: z.number(),
          score_hours: z.number().nullable(),
        }),
      ),
    })
    .nullable(),
  job: z
    .object({
      bound: z.enum(['free', 'deadline']),
      time_left: z.number(),
      work_left: z.number(),
      slack: z.number(),
      overhead: z.number(),
      observed_share: z.number(),
      places: z.array(
        z.object({
          id: z.string(),
          price: z.number(),
          availability: z.string(),
          cost_hours: z.number().nullable(),
        }),
      ),
    })
    .nullable(),
  price_overlays: z.array(z.string()).meta({ description: 'The tenant’s overlays that replaced public prices here' }),
  first_closed_gate: z.string().nullable(),
  what_it_takes: z.string(),
  staying_costs_per_hour: z.number(),
});

/** A decision, with the keys of both servers that agents were written for. */
export const Decision = z
  .object({
    instance_id: z.string().nullable(),
    recommended_action: z.enum(['stay', 'switch_spot', 'switch_ondemand']),
    decision_type: z.enum(['stay_spot', 'stay_ondemand', 'switch_to_spot', 'switch_to_ondemand']),
    recommended_mode: TargetMode,
    recommended_pool_id: z.string().nullable(),
    risk_score: z.number().min(0).max(1),
    expected_savings_per_hour: z.number(),
    expected_savings: z.number(),
    allowed: z.boolean(),
    reason: z.string(),
    confidence: z.number().min(0).max(1),
    model_version: z.string(),
    explanation: Explanation,
  })
  .meta({ id: 'Decision' });

export const DecideRequest = z.object({
  instance: z.object({
    instance_id: optional(z.string().max(64)),
    instance_type: optional(z.string().max(64)),
    region: optional(z.string().max(32)),
    current_mode: optional(Mode),
    current_pool_id: optional(z.string().max(128)),
  }),
  pricing: optional(
    z.object({
      current_spot_price: claimedNumber,
      on_demand_price: claimedNumber,
      cheapest_pool: optional(CheapestPool),
      spot_pools: PoolPrices,
    }),
  ),
});

const Pool = z.object({ id: z.string(), name: z.string(), az: z.string() });

/** Routes of the decision engine (protocol A12, A13). Only this Lambda of the API contains the engine. */
export const decisionRoutes = {
  decide: {
    id: 'A12',
    method: 'POST',
    path: '/api/agents/{agent_id}/decide',
    access: 'client',
    scope: ['agent', 'manage'],
    summary: 'Decides for the state that the caller describes; what it leaves out is read from the database',
    params: ofAgent,
    body: DecideRequest,
    response: Decision,
    errors: ['agent_not_found'],
  },
  switchRecommendation: {
    id: 'A13',
    method: 'GET',
    path: '/api/agents/{agent_id}/switch-recommendation',
    access: 'client',
    scope: ['agent', 'read'],
    summary: 'What the engine would do now, whether or not it is allowed to',
    params: ofAgent,
    response: Decision.extend({
      agent_id: z.string(),
      auto_switch_enabled: z.boolean(),
      will_auto_execute: z.boolean(),
      current_pool: Pool.nullable(),
      alternative_pools: z.array(Pool.extend({ spot_price: z.number() })).max(5),
    }),
    errors: ['agent_not_found'],
  },
} satisfies Routes;
