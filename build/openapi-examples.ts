type Schema = Readonly<Record<string, unknown>>;

const byFormat: Readonly<Record<string, string>> = {
  'date-time': '2026-03-02T14:00:00.000Z',
  date: '2026-03-02',
  email: 'ann@example.com',
  uri: 'https://example.com/file',
  uuid: '3f2b8c1e-5d64-4a7b-9c0d-1e2f3a4b5c6d',
};

/** Examples by the end of a field's name, so that readers see a typical value. */
const byName: readonly (readonly [RegExp, string])[] = [
  [/(^|_)agent_?id$/i, '3f2b8c1e-5d64-4a7b-9c0d-1e2f3a4b5c6d~i-0123456789abcdef0'],
  [/instance_?id$/i, 'i-0123456789abcdef0'],
  [/pool_?id$/i, 'm5.large.us-east-1a'],
  [/id$/i, '3f2b8c1e-5d64-4a7b-9c0d-1e2f3a4b5c6d'],
  [/instance_?type$/i, 'm5.large'],
  [/region$/i, 'us-east-1'],
  [/^az$|zone$/i, 'us-east-1a'],
];

/**
 * An example value that a response schema allows, for readers of the document.
 * @param schema self-contained: all its references are in its own `$defs`
 * @param name of the field that has this schema
 */
export function exampleOf(schema: Schema, name = ''): unknown {
  const defs = (schema.$defs ?? {}) as Record<string, Schema>;
  return sampleOf(schema, name);

  function sampleOf(schema: Schema, name: string): unknown {
    if (typeof schema.$ref === 'string') return sampleOf(defs[schema.$ref.split('/').at(-1)!]!, name);
    if ('const' in schema) return schema.const;
    if (Array.isArray(schema.enum)) return schema.enum[0];
    const either = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
    if (either) return sampleOf(either.find(({ type }) => type !== 'null') ?? either[0]!, name);
    const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== 'null') : schema.type;
    if (type === 'string') return textOf(schema, name);
    if (type === 'integer' || type === 'number') return numberOf(schema);
    if (type === 'boolean') return true;
    if (type === 'array') return schema.items ? [sampleOf(schema.items as Schema, name)] : [];
    if (type !== 'object') return null;
    const fields = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
    return Object.fromEntries(fields.map(([name, field]) => [name, sampleOf(field, name)]));
  }
}

function textOf({ format, maxLength }: Schema, name: string): string {
  const text = byFormat[String(format)] ?? byName.find(([ending]) => ending.test(name))?.[1] ?? 'text';
  return text.slice(0, Number(maxLength ?? text.length));
}

function numberOf({ minimum, exclusiveMinimum, maximum }: Schema): number {
  const least = Number(minimum ?? exclusiveMinimum ?? 0);
  return Math.min(Number(maximum ?? 1), Math.max(1, least));
}
