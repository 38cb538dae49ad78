import * as z from 'zod';

/** Text of at most `max` characters; an empty one is refused, as no column of ours means anything by it. */
export const text = (max: number) => z.string().min(1).max(max);

/** A field that may be left out. Agents send `null` where they know nothing: it equals "absent" (contract 1.3). */
export const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);

/** The price that every price column holds at most, USD per instance-hour (contract 12.3). */
export const maxPrice = 100;

/** USD per instance-hour as an agent claims it: any number, for one odd pool must not lose a whole report. */
export const claimedPrice = optional(z.number());

export const isPrice = (claimed: number | undefined): claimed is number =>
  claimed !== undefined && claimed > 0 && claimed <= maxPrice;

/** A claimed price, if it can be one: no column holds just any number. */
export const priceFrom = (claimed: number | undefined) => (isPrice(claimed) ? claimed : undefined);

/**
 * A time as a machine claims it, read as UTC; `undefined` where it cannot be read, for a wrong clock must not lose a
 * report either (contract 1.5). Agents write `…+00:00` and `…Z`; a time without a zone is taken as UTC.
 */
export const claimedTime = optional(z.string().max(64)).transform((raw) =>
  raw === undefined ? undefined : readTime(raw),
);

/** The same beside the words it came in, for what keeps both. */
export const quotedTime = optional(z.string().max(64)).transform((raw) =>
  raw === undefined ? undefined : { raw, time: readTime(raw) },
);

function readTime(raw: string) {
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(raw) ? raw : `${raw}Z`;
  const time = new Date(zoned);
  const year = time.getUTCFullYear();
  return year >= 1970 && year < 9999 ? time : undefined;
}

/** A claimed time held to server time: none, or one more than 24 h in the future, becomes `now` (contract 1.5). */
export const heldTo = (now: Date, claimed: Date | undefined): Date =>
  claimed && claimed.getTime() <= now.getTime() + 24 * 3600_000 ? claimed : now;

/** A number for a caller; the Data API gives DECIMAL as text so that it loses nothing on the way. */
export const price = (decimal: string | null) => (decimal === null ? null : Number(decimal));

/** The AWS account in a role's ARN. */
export const accountOf = (roleArn: string) => roleArn.split(':')[4];
