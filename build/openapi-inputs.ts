import type { CreateDocumentOptions, ZodOpenApiComponentsObject } from 'zod-openapi';

type Override = Extract<NonNullable<CreateDocumentOptions['override']>, (context: never) => void>;
type Context = Parameters<Override>[0];

/** No text in a request may contain a NUL (protocol 1.3). */
const noNul = '^[^\\u0000]*$';

const keys = { pattern: noNul, maxLength: 255 };

/** The schema for unconstrained values: unknown fields, and fields that we only store. */
const storable = { $ref: '#/components/schemas/Storable' } as const;

export const inputComponents: ZodOpenApiComponentsObject['schemas'] = {
  Storable: {
    description:
      'Any JSON without a NUL character, in keys or in text. Keys have at most 255 characters and no half of a surrogate pair; ' +
      'a body is nested at most 20 levels deep.',
    anyOf: [
      { type: 'string', pattern: noNul },
      { type: ['number', 'boolean', 'null'] },
      { type: 'array', items: storable },
      { type: 'object', propertyNames: keys, additionalProperties: storable },
    ],
  },
};

/**
 * Adds the rules that request.ts applies to every request to the request schemas. Without them the schemas would allow
 * requests that are rejected.
 */
export function describeInput({ jsonSchema, io }: Context): void {
  if (io !== 'input') return;
  const schema = jsonSchema as Record<string, unknown>;
  if (schema.format === 'starts_with') delete schema.format; // zod's own format name; the pattern says the same
  if (Object.keys(schema).length === 0) schema.$ref = storable.$ref;
  if (schema.type === 'string' && !('pattern' in schema || 'enum' in schema || 'const' in schema))
    schema.pattern = noNul;
  if (schema.type !== 'object') return;
  schema.propertyNames = keys;
  if (isAnything(schema.additionalProperties)) schema.additionalProperties = storable;
}

const isAnything = (schema: unknown) =>
  schema === undefined || (typeof schema === 'object' && schema !== null && Object.keys(schema).length === 0);
