import type { CreateDocumentOptions, ZodOpenApiComponentsObject } from 'zod-openapi';

type Override = Extract<NonNullable<CreateDocumentOptions['override']>, (context: never) => void>;
type Context = Parameters<Override>[0];

/** No text of a request may hold a NUL (protocol 1.3). */
const noNul = '^[^\\u0000]*$';

const keys = { pattern: noNul, maxLength: 255 };

/** What may stand where we ask for nothing in particular: in fields that we do not know, and in those that we only keep. */
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
 * Says in the schemas of requests what request.ts holds every request to, whatever its fields: a schema that left it out would
 * allow what is refused.
 */
export function describeInput({ jsonSchema, io }: Context): void {
  if (io !== 'input') return;
  const schema = jsonSchema as Record<string, unknown>;
  if (schema.format === 'starts_with') delete schema.format; // zod's own word for what the pattern says
  if (Object.keys(schema).length === 0) schema.$ref = storable.$ref;
  if (schema.type === 'string' && !('pattern' in schema || 'enum' in schema || 'const' in schema))
    schema.pattern = noNul;
  if (schema.type !== 'object') return;
  schema.propertyNames = keys;
  if (isAnything(schema.additionalProperties)) schema.additionalProperties = storable;
}

const isAnything = (schema: unknown) =>
  schema === undefined || (typeof schema === 'object' && schema !== null && Object.keys(schema).length === 0);
