import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';

/** Keys for human readers: types do not need them, and they are most of the document. */
const forReaders = new Set(['example', 'description', 'summary', 'links']);

const head = '// Generated from docs/openapi.json: `npm run openapi` writes it anew.\n';

/** The TypeScript source of the types that a client needs for openapi-fetch. */
export async function typesOf(document: object): Promise<string> {
  return head + astToString(await openapiTS(simplified(document) as OpenAPI3));
}

/**
 * Removes what is for readers, what a type cannot express, and the permission to send unknown fields: a client that
 * sends an unknown field has misspelt a known one.
 * @param isNames whether the keys are field names, as under `properties`
 */
function simplified(value: unknown, isNames = false): unknown {
  if (Array.isArray(value)) return value.map((one) => simplified(one));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key, inside]) => isNames || !(forReaders.has(key) || isNoType(key, inside, value)),
  );
  return Object.fromEntries(kept.map(([key, inside]) => [key, simplified(inside, key === 'properties' && !isNames)]));
}

/** `anyOf` beside `properties` says which of them go together; as a type it would be a union of other objects. */
const isNoType = (key: string, inside: unknown, schema: object) =>
  'properties' in schema &&
  (key === 'anyOf' || (key === 'additionalProperties' && JSON.stringify(inside).includes('/Storable')));
