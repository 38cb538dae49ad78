import * as z from 'zod';
import { needsOne } from '../shared/fields.ts';

/** Request and response shapes of a tenant's webhook. Contains only zod schemas, no logic. */

/** We may publish only to topics with this name prefix. FIFO topics are excluded: they need more parameters. */
const TopicArn = z
  .string()
  .max(350)
  .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]{5,32}:\d{12}:SpotOptimizerNotifications[\w-]*$/, {
    error: 'must be the ARN of a topic whose name begins with SpotOptimizerNotifications',
  });

const Style = z.enum(['json', 'slack']);
const Severity = z.enum(['info', 'warning', 'error']);
const DigestMinutes = z.int().min(0).max(60);

/** Fields that are left out stay unchanged. `null` removes a receiver. */
export const WebhookRequest = needsOne(
  z.object({
    url: z.string().min(1).max(2000).nullable().optional(),
    topic_arn: TopicArn.nullable().optional(),
    style: Style.optional(),
    min_severity: Severity.optional(),
    digest_minutes: DigestMinutes.optional(),
    rotate_secret: z.boolean().optional(),
  }),
);

export const Webhook = z.object({
  host: z.string().nullable(),
  topic_arn: z.string().nullable(),
  style: Style,
  min_severity: Severity,
  digest_minutes: DigestMinutes,
  next_try_at: z.iso.datetime().nullable(),
  consecutive_failures: z.int(),
  last_success_at: z.iso.datetime().nullable(),
  last_failure_at: z.iso.datetime().nullable(),
  last_error: z.string().nullable(),
  waiting_notifications: z.int(),
  dead_messages: z.int(),
});

const Outcome = z
  .object({ status: z.int().nullable(), milliseconds: z.int(), error: z.string().nullable() })
  .nullable();

export const TestAnswer = z.object({ success: z.boolean(), message_id: z.string(), url: Outcome, topic: Outcome });
