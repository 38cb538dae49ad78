import fc, { type Arbitrary } from '../fast-check.ts';
import { maybe, placeholder, valuesOf } from './arbitraries.ts';
import { nearMisses } from './near-misses.ts';
import { faultOf, type Operation } from './schemas.ts';
import type { Asked, Schema } from './types.ts';

const schemaOfBody = (operation: Operation) =>
  operation.requestBody?.content['application/json']?.schema as Schema | undefined;
const parametersOf = (operation: Operation, place: string) =>
  (operation.parameters ?? []).filter((one) => one.in === place);

/** Requests to an operation, generated from its schemas; one in four is a near miss. */
export function requestsOf(operation: Operation): Arbitrary<Asked> {
  const body = schemaOfBody(operation);
  const path = parametersOf(operation, 'path').map(({ name, schema }) => {
    const real = fc.constant(placeholder(name));
    return [
      name,
      fc.oneof(
        { weight: 9, arbitrary: real },
        { weight: 1, arbitrary: valuesOf({ ...schema, maxLength: 300 }).filter(isSegment) },
      ),
    ] as const;
  });
  const query = parametersOf(operation, 'query').map(({ name, schema, required }) => {
    const values = valuesOf(schema, name);
    return [name, required ? values : maybe(values, undefined)] as const;
  });
  const whole = fc.record({
    path: fc.record(Object.fromEntries(path)),
    query: fc.record(Object.fromEntries(query)).map(withoutUndefined),
    body: body ? valuesOf(body) : fc.constant(undefined),
  });
  if (!body && query.length === 0) return whole;
  return fc.oneof({ weight: 3, arbitrary: whole }, { weight: 1, arbitrary: nearMisses(whole) });
}

/** Clients never send `.` and `..`: they resolve a URL before they send it. */
const isSegment = (text: unknown) => text !== '.' && text !== '..';

const withoutUndefined = (values: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

/** Replaces placeholders with the known values, or with an empty text where there is none. */
export function filled(asked: Asked, known: Readonly<Record<string, string>>): Asked {
  const text = JSON.stringify(asked).replaceAll(/§(\w+)§/g, (_, name: string) =>
    JSON.stringify(known[name] ?? '').slice(1, -1),
  );
  return JSON.parse(text) as Asked;
}

/** What is wrong with a request according to the document; undefined if the document allows it. */
export function faultOfRequest(operation: Operation, asked: Asked): string | undefined {
  const body = schemaOfBody(operation);
  if (asked.body === undefined && operation.requestBody?.required) return 'body: is missing';
  const wrong = body && asked.body !== undefined && faultOf(body, asked.body);
  if (wrong) return `body: ${wrong}`;
  for (const { in: place, name, schema, required } of operation.parameters ?? []) {
    const value = place === 'path' ? asked.path[name] : asked.query[name];
    if (value === undefined && required) return `${name} is missing`;
    const fault = value === undefined ? undefined : faultOf(schema, typed(schema, value));
    if (fault) return `${name}: ${fault}`;
  }
  return undefined;
}

/** In a query, numbers are text. */
const typed = ({ type }: Schema, value: unknown) =>
  type !== 'string' && typeof value === 'string' && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(value) ? Number(value) : value;

/** Path and query as they are sent. */
export function urlOf(path: string, asked: Asked): string {
  const at = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(textOf(asked.path[name])));
  const query = new URLSearchParams(
    Object.entries(asked.query).map(([name, value]) => [name, textOf(value)] as [string, string]),
  ).toString();
  return query === '' ? at : `${at}?${query}`;
}

const textOf = (value: unknown) => (typeof value === 'string' ? value.toWellFormed() : JSON.stringify(value));
