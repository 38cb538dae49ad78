import * as z from 'zod';
import { dayMs, earlier, later } from './time.ts';

/** Text of at most `max` characters. Empty text is refused: it has no meaning in any of our columns. */
export const text = (max: number) => z.string().min(1).max(max);

/** A visible character: neither whitespace nor an invisible character. It excludes everything that `trim` removes. */
const seen = String.raw`[^\u0000-\u0020\u007f-\u00a0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]`;

/**
 * Trimmed text of at most `max` characters, at least `least` of them visible. One pattern is the rule both here and in
 * the OpenAPI document, so that neither accepts what the other refuses.
 */
export const visibleText = (max: number, least: 1 | 2 = 1) =>
  z
    .string()
    .trim()
    .max(max)
    .regex(new RegExp(`^[^\\u0000]*${Array(least).fill(seen).join('[^\\u0000]*')}[^\\u0000]*$`, 'u'), {
      error: `must have at least ${least} character${least > 1 ? 's' : ''} that can be seen`,
    });

/** A field that may be left out. Agents send `null` for what they do not know: it equals "absent" (protocol 1.3). */
export const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);

/** In JSON Schema: the field is present and not `null`. */
export const given = (name: string) => ({ required: [name], properties: { [name]: { not: { type: 'null' } } } });

/**
 * Documents in a body's schema that at least one of its fields is required. The check itself is a separate `refine`.
 */
export const needsOne = <T extends z.ZodObject>(schema: T): T =>
  schema.meta({ anyOf: Object.keys(schema.shape).map(given) });

/**
 * In JSON Schema: two fields that may not have these values together. Each field has several names. The schema excludes
 * the value under any of them, though the rule itself reads only one.
 */
export const excludes = (a: NamedValue, b: NamedValue) =>
  a.names.flatMap((one) =>
    b.names.map((other) => ({
      required: [one, other],
      properties: { [one]: { const: a.value }, [other]: { const: b.value } },
    })),
  );
interface NamedValue {
  readonly names: readonly string[];
  readonly value: unknown;
}

/** The earliest and the latest time that a column can hold. */
const columnsTimes = [new Date('1000-01-01T00:00:00.000Z'), new Date('9999-12-31T23:59:59.999Z')] as const;

/**
 * A time with its zone, as in 2026-03-02T14:00:00+01:00. A time that no column can hold becomes the nearest that one
 * can.
 */
export const zonedTime = z.iso
  .datetime({ offset: true, error: 'must be a time with its zone, as in 2026-03-02T14:00:00Z' })
  .transform((raw) => later(columnsTimes[0], earlier(new Date(raw), columnsTimes[1])));

/** A number as an agent claims it. Any number is accepted, because one odd value must not lose a whole report. */
export const claimedNumber = optional(z.number());

/**
 * A time as an instance claims it, read as UTC; `undefined` if it cannot be read, because a wrong clock must not lose a
 * report either (protocol 1.5). Agents write `…+00:00` and `…Z`; a time without a zone is taken as UTC.
 */
export const claimedTime = optional(z.string().max(64)).transform((raw) =>
  raw === undefined ? undefined : readTime(raw),
);

/** The same, along with the original text, for callers that keep both. */
export const quotedTime = optional(z.string().max(64)).transform((raw) =>
  raw === undefined ? undefined : { raw, time: readTime(raw) },
);

function readTime(raw: string) {
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(raw) ? raw : `${raw}Z`;
  const time = new Date(zoned);
  const year = time.getUTCFullYear();
  return year >= 1970 && year < 9999 ? time : undefined;
}

/** A claimed time held to server time: `now` if there is none, or if it is over 24 h in the future (protocol 1.5). */
export const heldTo = (claimed: Date | undefined, now: Date): Date =>
  claimed && claimed.getTime() <= now.getTime() + dayMs ? claimed : now;
