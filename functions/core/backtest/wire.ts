import * as z from 'zod';
import { pageQuery } from '../../shared/cursor.ts';
import { optional, text } from '../../shared/fields.ts';
import { AvailabilityForm, AvailabilityTarget, limitFields } from '../wire.ts';

/** The schemas of back-test requests and responses: zod only, no logic. */

export const mostDays = 30;

/** The settings that can be played; any that are left out keep each agent's own value. */
const settings = {
  availability_target: AvailabilityTarget,
  availability_form: AvailabilityForm,
  min_savings_percent: limitFields.minSavingsPercent,
  risk_threshold: limitFields.riskThreshold,
  max_switches_per_week: limitFields.maxSwitchesPerWeek,
  max_switches_per_day: limitFields.maxSwitchesPerDay,
  min_pool_duration_hours: limitFields.minPoolDurationHours,
};
const maybe = <T extends z.ZodType>(schema: T) => optional(schema).optional();

/** Unknown settings are refused here, not ignored as elsewhere: they would be taken for played. */
const WhatIfSettings = z.strictObject(
  {
    availability_target: maybe(settings.availability_target),
    availability_form: maybe(settings.availability_form),
    min_savings_percent: maybe(settings.min_savings_percent),
    risk_threshold: maybe(settings.risk_threshold),
    max_switches_per_week: maybe(settings.max_switches_per_week),
    max_switches_per_day: maybe(settings.max_switches_per_day),
    min_pool_duration_hours: maybe(settings.min_pool_duration_hours),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `${issue.keys.slice(0, 5).join(', ')}: cannot be back-tested; the settings that can are ${Object.keys(settings).join(', ')}`
        : undefined,
  },
);

export const WhatIfRequest = z.object({
  agent_id: maybe(text(36)),
  instance_type: maybe(text(64)),
  region: maybe(text(32)),
  days: maybe(z.int().min(1).max(mostDays)).transform((days) => days ?? mostDays),
  settings: maybe(WhatIfSettings).transform((given) => given ?? {}),
});
export const AdminWhatIfRequest = WhatIfRequest.extend({ client_id: text(36) });
export type WhatIfRequest = z.output<typeof WhatIfRequest>;

export const whatIfQuery = (id: string) => pageQuery(id, { usual: 20, most: 100 });

/** The outcome of a strategy: per agent in a play, summed in the total. */
const Outcome = z.object({
  cost: z.number().meta({ description: 'USD, as the tenant pays' }),
  savings_percent: z.number().meta({ description: 'Relative to what on-demand alone costs' }),
  availability_percent: z.number(),
  moves: z.int(),
  interruptions: z.int(),
  interruptions_unseen: z.int().meta({
    description: 'Interruptions that were assumed because nobody observed the pool any more: it may have been up',
  }),
});
export type Outcome = z.output<typeof Outcome>;

const outcomes = {
  as_asked: Outcome,
  never_moving: Outcome,
  always_cheapest: Outcome,
  all_on_demand: Outcome,
};

const PlayedSettings = z.object({
  availability_target: z.number().nullable().meta({ description: 'Percent' }),
  availability_form: AvailabilityForm,
  min_savings_percent: z.number(),
  risk_threshold: z.number(),
  max_switches_per_week: z.int(),
  max_switches_per_day: z.int(),
  min_pool_duration_hours: z.int(),
  limits_hold: z
    .boolean()
    .meta({ description: 'Whether the five limits above apply; with a target, they do only once one of them is set' }),
});
export type PlayedSettings = z.output<typeof PlayedSettings>;

export const Play = z.object({
  instance_type: z.string(),
  region: z.string(),
  pool_id: z.string().nullable().meta({ description: 'Where the agents are now; null means on-demand' }),
  agents: z.int(),
  agent_ids: z.array(z.string()).meta({ description: 'The first few of these agents' }),
  settings: PlayedSettings,
  outcome: z
    .object({
      ...outcomes,
      policy: z.string().meta({ description: 'The version of the policy that decided' }),
      pools: z.int(),
      observed_percent: z
        .number()
        .meta({ description: 'The share of all pools’ ten-minute periods that was observed' }),
    })
    .nullable()
    .meta({ description: 'Per agent; null until it is simulated, and if it cannot be' }),
  reason: z.string().nullable().meta({ description: 'Why it cannot be simulated' }),
});
export type Play = z.output<typeof Play>;

const status = z.enum(['queued', 'running', 'done', 'failed']);
const Time = z.iso.datetime();

export const WhatIfAccepted = z.object({
  success: z.literal(true),
  run_id: z.string(),
  client_id: z.string(),
  status: z.literal('queued'),
  url: z.string().meta({ description: 'Where to read the progress and result' }),
  agents: z.int(),
  agents_left_out: z.int(),
});

export const WhatIfItem = z.object({
  run_id: z.string(),
  client_id: z.string(),
  status,
  progress_percent: z.int().min(0).max(100),
  created_at: Time,
  created_by: z.string(),
  finished_at: Time.nullable(),
  from: Time,
  to: Time,
  asked: z.object({
    agent_id: z.string().optional(),
    instance_type: z.string().optional(),
    region: z.string().optional(),
    settings: z.object(settings).partial(),
  }),
  agents: z.int(),
  agents_left_out: z
    .int()
    .meta({ description: 'Agents beyond the limit of one run, or without a known type and region' }),
  failure: z.string().nullable(),
});

export type WhatIfAsked = z.output<typeof WhatIfItem>['asked'];

export const WhatIfRun = WhatIfItem.extend({
  total: z
    .object({ ...outcomes, agents: z.int(), observed_percent: z.number() })
    .nullable()
    .meta({ description: 'For all agents that were simulated; null until the run is done' }),
  plays: z.array(Play),
  limits: z.array(z.string()).meta({ description: 'What the figures do not cover' }),
});
export type WhatIfTotal = NonNullable<z.output<typeof WhatIfRun>['total']>;
