import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';

/** For readers of the document; types do not need it, and it is most of what there is. */
const forReaders = new Set(['example', 'description', 'summary', 'links']);

const head = '// Generated from docs/openapi.json: `npm run openapi` writes it anew.\n';

/** The types of a client of the document, as the text of a TypeScript file, for openapi-fetch. */
export async function typesOf(document: object): Promise<string> {
  return head + astToString(await openapiTS(simplified(document) as OpenAPI3));
}

/**
 * The value without what is for readers, what no type can say, and the leave to send fields that we do not know: a client that
 * sends one has misspelt another.
 * @param isNames whether the keys are names of ours, as under `properties`
 */
function simplified(value: unknown, isNames = false): unknown {
  if (Array.isArray(value)) return value.map((one) => simplified(one));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key, inside]) => isNames || !(forReaders.has(key) || isNoType(key, inside, value)),
  );
  return Object.fromEntries(kept.map(([key, inside]) => [key, simplified(inside, key === 'properties' && !isNames)]));
}

/** `anyOf` beside `properties` says which of them go together; as a type it would be a choice between other objects. */
const isNoType = (key: string, inside: unknown, schema: object) =>
  'properties' in schema &&
  (key === 'anyOf' || (key === 'additionalProperties' && JSON.stringify(inside).includes('/Storable')));
