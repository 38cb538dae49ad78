import * as z from 'zod';
import { type DisruptionWindows, days, isTimeZone, mostWindows } from '../core/agent/disruption-windows.ts';
import {
  AvailabilityForm,
  AvailabilityTarget,
  limitFields,
  mostOverheadSeconds,
  mostWorkSeconds,
  storedTarget,
  TargetMode,
} from '../core/wire.ts';
import { cursorField, keptCursor, pageQuery } from '../shared/cursor.ts';
import { excludes, given, needsOne, optional, text, visibleText, zonedTime } from '../shared/fields.ts';

/** Requests that consoles send (protocol 10). */

export const ofClient = z.object({ client_id: z.string() });
export const ofInstance = z.object({ instance_id: z.string() });

export const InstancesQuery = pageQuery('C9', { usual: 500, most: 500 }).extend({
  status: z.enum(['all', 'active', 'terminated']).default('all'),
  mode: z.enum(['all', 'spot', 'ondemand']).default('all'),
  search: z.string().max(64).optional(),
});
export type InstancesQuery = z.output<typeof InstancesQuery>;

/** Milliseconds; NaN if either end is missing. An invalid time arrives here as text and has already been rejected. */
const lengthOf = ({ from, to }: { readonly from?: unknown; readonly to?: unknown }) =>
  from instanceof Date && to instanceof Date ? to.getTime() - from.getTime() : Number.NaN;

/** Up to 31 days of savings, by default the last day. */
export const ExplainQuery = pageQuery('E7', { usual: 200, most: 1000 })
  .extend({ from: zonedTime.optional(), to: zonedTime.optional(), agent_id: text(36).optional() })
  .refine((query) => !(lengthOf(query) <= 0), { path: ['from'], error: 'must be before to' })
  .refine((query) => !(lengthOf(query) > 31 * 86_400_000), {
    path: ['from'],
    error: 'must be at most 31 days before to',
  });
export type ExplainQuery = z.output<typeof ExplainQuery>;

/** Reads a field by either of its names: two generations of consoles spell it differently. */
type Twins = Readonly<Record<string, unknown>>;
const either = <T>(body: Twins, camel: string, snake: string) => (body[camel] ?? body[snake]) as T | undefined;

export const ToggleRequest = z.object({ enabled: z.boolean() });

const flag = optional(z.boolean()).optional();
const whole = (least: number, most: number) => optional(z.int().min(least).max(most)).optional();
const limit = <L extends keyof typeof limitFields>(name: L) => optional(limitFields[name]).optional();

const isAnyGiven = (asked: object) => Object.values(asked).some((value) => value !== undefined);
const noneGiven = 'at least one setting is required';

const switchedOn = { names: ['auto_switch_enabled', 'autoSwitchEnabled'], value: true };
const keptAs = (value: boolean) => ({ names: ['replica_enabled', 'replicaEnabled'], value });
const countOf = (value: number) => ({ names: ['replica_count', 'replicaCount'], value });
const manual = { names: ['manual_replica_enabled', 'manualReplicaEnabled'], value: true };

/** The settings that older consoles know. They say whether replicas are kept either as a flag or as a count. */
const OldSettings = needsOne(
  z.object({
    auto_switch_enabled: flag,
    autoSwitchEnabled: flag,
    auto_terminate_enabled: flag,
    autoTerminateEnabled: flag,
    replica_enabled: flag,
    replicaEnabled: flag,
    replica_count: whole(0, 1),
    replicaCount: whole(0, 1),
  }),
).meta({
  not: {
    anyOf: [
      ...excludes(countOf(0), keptAs(true)),
      ...excludes(countOf(1), keptAs(false)),
      ...excludes(switchedOn, keptAs(true)),
      ...excludes(switchedOn, countOf(1)),
    ],
  },
});
export const SettingsRequest = OldSettings.transform((body, context) => {
  const count = either<number>(body, 'replicaCount', 'replica_count');
  const kept = either<boolean>(body, 'replicaEnabled', 'replica_enabled');
  if (count !== undefined && kept !== undefined && count > 0 !== kept)
    context.addIssue({
      code: 'custom',
      path: ['replica_count'],
      message: `is ${count}, but replica_enabled is ${kept}`,
    });
  const isKept = kept ?? (count === undefined ? undefined : count > 0);
  return {
    autoSwitchEnabled: either<boolean>(body, 'autoSwitchEnabled', 'auto_switch_enabled'),
    autoTerminateEnabled: either<boolean>(body, 'autoTerminateEnabled', 'auto_terminate_enabled'),
    manualReplicaEnabled: isKept,
    replicaEnabled: isKept,
  };
}).refine(isAnyGiven, noneGiven);

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 22:30');

const TimeZone = text(64).meta({ format: 'time-zone', description: 'An IANA time zone, such as Europe/Berlin' });

/** When an agent may be moved without need. An empty list means always. */
const windows = z
  .object({
    time_zone: optional(TimeZone).optional(),
    timeZone: optional(TimeZone).optional(),
    windows: z.array(z.object({ days: z.array(z.enum(days)).min(1).max(7), from: clock, to: clock })).max(mostWindows),
  })
  .transform(({ windows, ...zone }, context): DisruptionWindows => {
    const timeZone = either<string>(zone, 'timeZone', 'time_zone') ?? 'UTC';
    if (!isTimeZone(timeZone))
      context.addIssue({
        code: 'custom',
        path: ['time_zone'],
        message: `must be a time zone such as Europe/Berlin, not ${timeZone}`,
      });
    return { timeZone, windows };
  });

/** The deadline of a job. */
const deadline = z.union([z.literal('none'), zonedTime], {
  error: 'must be none or a time with its zone, such as 2026-03-02T14:00:00Z',
});

/** All settings of an agent. A wait of 0 means one minute; not terminating at all is a separate setting. */
export const ConfigRequest = needsOne(
  z.object({
    terminateWaitMinutes: whole(0, 1440),
    terminate_wait_minutes: whole(0, 1440),
    autoSwitchEnabled: flag,
    auto_switch_enabled: flag,
    manualReplicaEnabled: flag,
    manual_replica_enabled: flag,
    autoTerminateEnabled: flag,
    auto_terminate_enabled: flag,
    minSavingsPercent: limit('minSavingsPercent'),
    min_savings_percent: limit('minSavingsPercent'),
    riskThreshold: limit('riskThreshold'),
    risk_threshold: limit('riskThreshold'),
    maxSwitchesPerWeek: limit('maxSwitchesPerWeek'),
    max_switches_per_week: limit('maxSwitchesPerWeek'),
    maxSwitchesPerDay: limit('maxSwitchesPerDay'),
    max_switches_per_day: limit('maxSwitchesPerDay'),
    minPoolDurationHours: limit('minPoolDurationHours'),
    min_pool_duration_hours: limit('minPoolDurationHours'),
    availabilityTarget: optional(AvailabilityTarget).optional(),
    availability_target: optional(AvailabilityTarget).optional(),
    availabilityForm: optional(AvailabilityForm).optional(),
    availability_form: optional(AvailabilityForm).optional(),
    disruptionWindows: optional(windows).optional(),
    disruption_windows: optional(windows).optional(),
    deadline: optional(deadline).optional(),
    remainingWorkSeconds: whole(0, mostWorkSeconds),
    remaining_work_seconds: whole(0, mostWorkSeconds),
    restartOverheadSeconds: whole(0, mostOverheadSeconds),
    restart_overhead_seconds: whole(0, mostOverheadSeconds),
  }),
)
  .meta({ not: { anyOf: excludes(switchedOn, manual) } })
  .transform((body) => {
    const minutes = either<number>(body, 'terminateWaitMinutes', 'terminate_wait_minutes');
    const given = either<DisruptionWindows>(body, 'disruptionWindows', 'disruption_windows');
    const asked = either<z.infer<typeof AvailabilityTarget>>(body, 'availabilityTarget', 'availability_target');
    return {
      availabilityTarget: asked === undefined ? undefined : storedTarget(asked),
      availabilityForm: either<'week' | 'rolling'>(body, 'availabilityForm', 'availability_form'),
      deadline: body.deadline === 'none' ? null : body.deadline,
      remainingWorkSeconds: either<number>(body, 'remainingWorkSeconds', 'remaining_work_seconds'),
      restartOverheadSeconds: either<number>(body, 'restartOverheadSeconds', 'restart_overhead_seconds'),
      disruptionWindows: given && given.windows.length === 0 ? null : given,
      terminateWaitSeconds: minutes === undefined ? undefined : Math.max(60, minutes * 60),
      autoSwitchEnabled: either<boolean>(body, 'autoSwitchEnabled', 'auto_switch_enabled'),
      manualReplicaEnabled: either<boolean>(body, 'manualReplicaEnabled', 'manual_replica_enabled'),
      autoTerminateEnabled: either<boolean>(body, 'autoTerminateEnabled', 'auto_terminate_enabled'),
      minSavingsPercent: either<number>(body, 'minSavingsPercent', 'min_savings_percent')?.toFixed(2),
      riskThreshold: either<number>(body, 'riskThreshold', 'risk_threshold')?.toFixed(2),
      maxSwitchesPerWeek: either<number>(body, 'maxSwitchesPerWeek', 'max_switches_per_week'),
      maxSwitchesPerDay: either<number>(body, 'maxSwitchesPerDay', 'max_switches_per_day'),
      minPoolDurationHours: either<number>(body, 'minPoolDurationHours', 'min_pool_duration_hours'),
    };
  })
  .refine(isAnyGiven, noneGiven);

export const ForceSwitchRequest = z
  .object({
    target: z.enum(['ondemand', 'pool', 'spot']),
    pool_id: optional(text(128)).optional(),
    poolId: optional(text(128)).optional(),
    new_instance_type: optional(text(50)).optional(),
    newInstanceType: optional(text(50)).optional(),
  })
  .meta({ anyOf: [{ properties: { target: { not: { const: 'pool' } } } }, given('pool_id'), given('poolId')] })
  .transform(({ target, ...body }) => ({
    target,
    poolId: either<string>(body, 'poolId', 'pool_id'),
    newInstanceType: either<string>(body, 'newInstanceType', 'new_instance_type'),
  }));
export type ForceSwitchRequest = z.output<typeof ForceSwitchRequest>;

/** A number of days, rounded and clamped to what is kept, because charts request more. */
const daysField = (usual: number, most: number) =>
  z.coerce
    .number()
    .default(usual)
    .transform((days) => Math.min(most, Math.max(1, Math.round(days))));
const Interval = z.enum(['hour', 'day']).default('hour');

export const PriceHistoryQuery = z.object({ days: daysField(7, 90), interval: Interval });
export type PriceHistoryQuery = z.output<typeof PriceHistoryQuery>;

export const PricingHistoryQuery = z.object({
  days: daysField(7, 30),
  interval: Interval,
  agent_id: z
    .string()
    .max(200)
    .optional()
    .transform((id) => id || undefined),
});
export type PricingHistoryQuery = z.output<typeof PricingHistoryQuery>;

export const SwitchHistoryQuery = pageQuery('C19', { usual: 100, most: 500 }).extend({
  instance_id: z
    .string()
    .max(64)
    .optional()
    .transform((id) => id || undefined),
});
export type SwitchHistoryQuery = z.output<typeof SwitchHistoryQuery>;

export const FileQuery = z.object({ cursor: cursorField('C23') });
export type FileQuery = z.output<typeof FileQuery>;

export const ExportLinkRequest = z.object({
  export: z.enum(['savings', 'switch-history']),
  /** The `x-next-cursor` of the previous file. It is validated here and goes into the link unchanged. */
  cursor: keptCursor('C23'),
});
export type ExportLinkRequest = z.output<typeof ExportLinkRequest>;

export const LogsQuery = pageQuery('X16', { usual: 100, most: 1000 });
export const VolatilityQuery = z.object({ days: daysField(7, 30) });
export const DowntimeQuery = z.object({ days: daysField(30, 365) });

/** Where to continue: the cursor of the last response or, for the first request, a time. */
export const EventsQuery = pageQuery('X21', { usual: 100, most: 500 }).extend({
  since: zonedTime.optional(),
});
export type EventsQuery = z.output<typeof EventsQuery>;

export const SimulateSwitchRequest = z
  .object({
    target_pool: optional(text(128)).optional(),
    targetPool: optional(text(128)).optional(),
    target_type: optional(z.enum(['spot', 'ondemand'])).optional(),
    targetType: optional(z.enum(['spot', 'ondemand'])).optional(),
  })
  .transform((body) => ({
    targetPool: either<string>(body, 'targetPool', 'target_pool'),
    targetType: either<'spot' | 'ondemand'>(body, 'targetType', 'target_type') ?? 'spot',
  }));
export type SimulateSwitchRequest = z.output<typeof SimulateSwitchRequest>;

export const PricingAlertRequest = z.object({
  pool_id: text(128),
  direction: z.enum(['below', 'above']).default('below'),
  threshold: z.number().min(0.0001).max(100),
});
export type PricingAlertRequest = z.output<typeof PricingAlertRequest>;

const since = optional(zonedTime)
  .optional()
  .transform((time) => time ?? null);

/** The price of a type, or of all types without their own line: a multiple of the public price, or a price per hour. */
const PriceOverlayLine = z
  .object({
    name: optional(text(64)).optional(),
    instance_type: optional(visibleText(64)).optional(),
    mode: TargetMode,
    multiplier: optional(z.number().min(0).max(10)).optional(),
    hourly_price: optional(z.number().min(0).max(1000)).optional(),
    from: since,
    until: since,
  })
  .meta({ oneOf: [given('multiplier'), given('hourly_price')] })
  .refine(({ multiplier, hourly_price: price }) => (multiplier === undefined) !== (price === undefined), {
    error: 'needs either a multiplier or an hourly_price, not both',
  })
  .refine(({ from, until }) => !(lengthOf({ from, to: until }) <= 0), {
    path: ['from'],
    error: 'must be before until',
  });

export const PriceOverlaysRequest = z.object({ overlays: z.array(PriceOverlayLine).max(100) });
export type PriceOverlaysRequest = z.output<typeof PriceOverlaysRequest>;
