import { createHash } from 'node:crypto';
import * as z from 'zod';
import { invalidField } from './errors.ts';
import { parseJson } from './parse-json.ts';

/**
 * Where the next page of a list begins: the key of the last row of the page before. Callers hand it back as a cursor,
 * with a checksum that covers the list's name. A cursor grants nothing, because every page is read for the caller's own
 * tenant. The checksum only detects a cursor that was cut off, changed, or made for another list.
 */
export type Position = readonly string[];

const sumOf = (list: string, payload: string) =>
  createHash('sha256').update(`${list}:${payload}`).digest('base64url').slice(0, 11);

export function cursorOf(list: string, position: Position): string {
  const payload = Buffer.from(JSON.stringify(position)).toString('base64url');
  return `${payload}.${sumOf(list, payload)}`;
}

/** `undefined` for anything that is not a cursor of this list. */
export function positionFrom(list: string, cursor: string): Position | undefined {
  const [payload = '', sum, ...rest] = cursor.split('.');
  if (rest.length > 0 || sum !== sumOf(list, payload)) return undefined;
  return Payload.safeParse(parseJson(Buffer.from(payload, 'base64url').toString())).data;
}

/** Anybody can compute the checksum, so the payload may be anything. */
const Payload = z.array(z.string()).min(1);

const notOfThisList =
  'is not a cursor of this list: send the x-next-cursor of the previous page unchanged, or leave it out';

/** The query parameter `cursor` of a list. An empty one means the first page. */
export const cursorField = (list: string) =>
  z
    .string()
    .max(2000)
    .meta({ format: 'cursor' })
    .optional()
    .transform((cursor, context) => {
      if (!cursor) return undefined;
      const position = positionFrom(list, cursor);
      if (!position)
        context.addIssue({
          code: 'custom',
          message: notOfThisList,
        });
      return position;
    });

/** A cursor that is checked but stays text: it goes into a link, which is opened later. */
export const keptCursor = (list: string) =>
  z
    .string()
    .max(2000)
    .meta({ format: 'cursor' })
    .optional()
    .refine(
      (cursor) => !cursor || positionFrom(list, cursor) !== undefined,
      'is not a cursor of this export: send the x-next-cursor of the previous file unchanged, or leave it out',
    );

/** A whole number in a query. A value above `most` is refused; capping it would go unnoticed. */
export const countField = (usual: number, most: number) => z.coerce.number().int().min(1).max(most).default(usual);

/** The requested page of a list. */
export interface PageQuery {
  readonly limit: number;
  readonly cursor?: Position | undefined;
}

/** The query of a list that is read page by page. @param list its name in cursors */
export const pageQuery = (list: string, { usual = 500, most = 1000 } = {}) =>
  z.object({ limit: countField(usual, most), cursor: cursorField(list) });

/** The position of a row in a newest-first list: its time, then its id. */
export const timedPosition = (at: Date, id: string): Position => [at.toISOString(), id];

export interface TimeAndId {
  readonly at: Date;
  readonly id: string;
}

/** @throws AppError invalid_request for a position that is not a `timedPosition` */
export function timeAndId([at, id]: Position): TimeAndId {
  if (id === undefined) throw notACursor();
  return { at: timeOf(at!), id };
}

/** @throws AppError invalid_request for a text that is not a time as positions have it */
export function timeOf(text: string): Date {
  if (!Instant.safeParse(text).success) throw notACursor();
  return new Date(text);
}

const Instant = z.iso.datetime();
const notACursor = () => invalidField('cursor', notOfThisList);
