import * as z from 'zod';
import { text, zonedTime } from '../shared/fields.ts';
import { parseJson } from '../shared/parse-json.ts';
import { detailTypes } from './ec2-events.ts';

const time = zonedTime.refine((at) => at.getTime() > 0);

const event = <T extends string, D extends z.ZodObject>(detailType: T, detail: D) =>
  z.object({
    'detail-type': z.literal(detailType),
    account: z.string().regex(/^\d{12}$/),
    // The time of the event, as EC2 claims it; decisions use the time at which we first received the message.
    time,
    detail,
  });

const Named = z.object({ 'instance-id': z.string().regex(/^i-[0-9a-z]{1,62}$/) });

export const Ec2Event = z.discriminatedUnion('detail-type', [
  event(detailTypes.interruption, Named.extend({ 'instance-action': text(32) })),
  event(
    detailTypes.reservation,
    Named.extend({ 'instance-action': text(32), 'instance-termination-time': time.optional().catch(undefined) }),
  ),
  event(detailTypes.rebalance, Named),
  event(detailTypes.stateChange, Named.extend({ state: text(32) })),
]);
export type Ec2Event = z.output<typeof Ec2Event>;
export type Interruption = Extract<
  Ec2Event,
  { 'detail-type': typeof detailTypes.interruption | typeof detailTypes.reservation }
>;
export type StateChange = Extract<Ec2Event, { 'detail-type': typeof detailTypes.stateChange }>;

/** What SQS delivers: the event as text, and when this message was first received. */
const Message = z.object({
  body: z.string(),
  attributes: z.object({
    ApproximateFirstReceiveTimestamp: z
      .string()
      .regex(/^\d{1,15}$/)
      .transform((ms) => new Date(Number(ms))),
    ApproximateReceiveCount: z.coerce.number().int().min(1).catch(1),
  }),
});

const Envelope = z.object({ version: z.string(), source: z.string(), 'detail-type': z.string() });
const known: readonly string[] = Object.values(detailTypes);

export interface Received {
  readonly event: Ec2Event;
  /** When the message was first received: a redelivery decides as the first delivery did. */
  readonly now: Date;
  /** How often it was received, this time included. */
  readonly receives: number;
}

/** Why an event is not even looked up. A redelivery would change none of these. */
export type Unreadable = 'malformed' | 'future_version' | 'unknown_type';

/** Reads a message of the queue, or returns why it cannot be read. Never throws: the event may come from anybody. */
export function readMessage(record: unknown): Received | Unreadable {
  const message = Message.safeParse(record);
  if (!message.success) return 'malformed';
  const json = parseJson(message.data.body);
  const envelope = Envelope.safeParse(json);
  if (!envelope.success) return 'malformed';
  if (envelope.data.version !== '0') return 'future_version';
  if (envelope.data.source !== 'aws.ec2' || !known.includes(envelope.data['detail-type'])) return 'unknown_type';
  const parsed = Ec2Event.safeParse(json);
  if (!parsed.success) return 'malformed';
  const { ApproximateFirstReceiveTimestamp: now, ApproximateReceiveCount: receives } = message.data.attributes;
  return { event: parsed.data, now, receives };
}
