import fc, { type Arbitrary } from '../fast-check.ts';
import { document } from './schemas.ts';
import type { Schema } from './types.ts';

/** A placeholder for a value that is known only when a request is sent, such as an id: `§agent_id§`. */
export const placeholder = (name: string) => `§${name}§`;

/** Fields that take ids or the like, and the names of their placeholders. */
const known: Readonly<Record<string, string>> = {
  agent_id: 'agent_id',
  agent_ids: 'agent_id',
  client_id: 'client_id',
  client_token: 'token',
  command_id: 'command_id',
  instance_id: 'instance_id',
  monitored_instances: 'instance_id',
  pool_id: 'pool_id',
  poolId: 'pool_id',
  target_pool: 'pool_id',
  targetPool: 'pool_id',
  target_pool_id: 'pool_id',
  current_pool_id: 'pool_id',
  replica_id: 'replica_id',
  sessionId: 'session_id',
  instance_type: 'instance_type',
  region: 'region',
  q: 'instance_id',
};

/** Most lists and texts are short, so that a request costs little; some have the maximum length. */
const shortItems = 4;
const shortText = 24;

/** Chooses evenly at any depth; otherwise deep values would be left out. */
const evenly = { depthSize: 'max' } as const;

/** One of `values`, or as often `otherwise`. */
export const maybe = <T>(values: Arbitrary<T>, otherwise: T): Arbitrary<T> =>
  fc.tuple(fc.integer({ min: 0, max: 9 }), values).map(([chance, value]) => (chance < 5 ? otherwise : value));

const storable: Arbitrary<unknown> = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    noNul(shortText),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(noNul(12), tie('any'), { maxKeys: 3 }),
  ),
})).any;

/**
 * Values that a schema of the document allows. A few are not allowed, as `not` and the `anyOf` of an object are
 * ignored: the validator tells them apart.
 * @param name of the field that has the value
 */
export function valuesOf(schema: Schema, name = ''): Arbitrary<unknown> {
  const stand = known[name];
  if (stand === undefined || isListOf(schema)) return made(schema, name);
  return fc.oneof(
    evenly,
    { weight: 2, arbitrary: fc.constant(placeholder(stand)) },
    { weight: 1, arbitrary: made(schema, name) },
  );
}

const isListOf = ({ type, anyOf }: Schema): boolean =>
  type === 'array' || type === 'object' || Boolean(anyOf?.some(isListOf));

function made(schema: Schema, name: string): Arbitrary<unknown> {
  if (schema.$ref?.endsWith('/Storable')) return storable;
  if (schema.$ref) return valuesOf(document.components.schemas[schema.$ref.split('/').at(-1)!], name);
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.type === 'object') return objectsOf(schema);
  if (schema.anyOf)
    return fc.oneof(
      evenly,
      ...schema.anyOf.map((one) => ({ weight: one.type === 'null' ? 1 : 4, arbitrary: made(one, name) })),
    );
  if (Array.isArray(schema.type))
    return fc.oneof(evenly, ...schema.type.map((type) => made({ ...schema, type }, name)));
  switch (schema.type) {
    case 'string':
      return textsOf(schema);
    case 'integer':
      return integersOf(schema);
    case 'number':
      return numbersOf(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return listsOf(schema, name);
  }
  throw new Error(`${name}: no arbitrary for ${JSON.stringify(schema).slice(0, 200)}`);
}

function objectsOf({ properties = {}, required = [], additionalProperties }: Schema): Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, schema]) => {
    const values = valuesOf(schema, name).map((value) => [[name, value]] as [string, unknown][]);
    return required.includes(name) ? values : maybe(values, []);
  });
  const more = typeof additionalProperties === 'object' ? additionalProperties : { $ref: '/Storable' };
  const unknown = fc.tuple(noNul(12), valuesOf(more));
  const extra = fc.array(unknown, { maxLength: Object.keys(properties).length > 0 ? 1 : 3, size: 'xsmall' });
  return fc
    .tuple(fc.tuple(...fields), extra)
    .map(([said, extra]) => Object.fromEntries([...extra.filter(([name]) => !(name in properties)), ...said.flat()]));
}

function listsOf({ items = { $ref: '/Storable' }, minItems = 0, maxItems = 1000 }: Schema, name: string) {
  const few = { minLength: minItems, maxLength: Math.min(maxItems, minItems + shortItems) };
  const item = valuesOf(items, name);
  const full = item.map((one) => Array<unknown>(Math.min(maxItems, 200)).fill(one));
  return fc.oneof(evenly, { weight: 19, arbitrary: fc.array(item, few) }, { weight: 1, arbitrary: full });
}

function integersOf({ minimum: min = Number.MIN_SAFE_INTEGER, maximum: max = Number.MAX_SAFE_INTEGER }: Schema) {
  return fc.oneof(
    evenly,
    fc.integer({ min, max }),
    fc.integer({ min: Math.max(min, 0), max: Math.min(max, Math.max(min, 0) + 20) }),
  );
}

function numbersOf({ minimum, maximum, exclusiveMinimum }: Schema): Arbitrary<number> {
  const min = minimum ?? exclusiveMinimum;
  const bounds = { ...(min !== undefined && { min }), ...(maximum !== undefined && { max: maximum }) };
  const any = fc.double({
    noNaN: true,
    noDefaultInfinity: true,
    minExcluded: minimum === undefined && min !== undefined,
    ...bounds,
  });
  const usual = fc.double({ min: Math.max(min ?? 0, 0.001), max: Math.min(maximum ?? 10, 10), noNaN: true });
  return fc.oneof(evenly, any, usual);
}

const byFormat: Readonly<Record<string, Arbitrary<string>>> = {
  'date-time': fc
    .date({ min: new Date('2024-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  'time-zone': fc.constantFrom(...Intl.supportedValuesOf('timeZone'), 'UTC'),
  cursor: fc.constantFrom('', placeholder('cursor'), placeholder('cursor')),
};

function textsOf({ format = '', pattern, minLength = 0, maxLength = 1000 }: Schema): Arbitrary<string> {
  const inFormat = byFormat[format];
  const isPlain = pattern === undefined || pattern === '^[^\\u0000]*$';
  const texts = isPlain
    ? noNul(Math.min(maxLength, shortText), minLength)
    : fc.stringMatching(new RegExp(pattern, 'u'), { size: 'small' });
  const full = (isPlain ? noNul(8, 1) : texts).map((text) =>
    isPlain ? text.repeat(maxLength).slice(0, maxLength) : text,
  );
  const usual = fc.oneof(evenly, { weight: 19, arbitrary: texts }, { weight: 1, arbitrary: full });
  return inFormat
    ? fc.oneof(
        evenly,
        { weight: 9, arbitrary: inFormat },
        { weight: 1, arbitrary: format === 'date-time' ? texts : inFormat },
      )
    : usual;
}

/** Lengths are counted in UTF-16 code units. */
function noNul(maxLength: number, minLength = 0): Arbitrary<string> {
  return fc
    .oneof(
      evenly,
      fc.string({ minLength, maxLength }),
      fc.string({ unit: 'grapheme', minLength, maxLength }),
      fc.string({ unit: 'binary', minLength, maxLength }),
    )
    .map((text) => fitted(text.replaceAll('\0', '0'), maxLength));
}

const fitted = (text: string, maxLength: number) => text.slice(0, maxLength).toWellFormed();
