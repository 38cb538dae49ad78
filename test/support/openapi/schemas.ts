import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { openApiDocument } from '../../../build/openapi-document.ts';
import { isTimeZone } from '../../../functions/core/agent/disruption-windows.ts';
import type { Schema } from './types.ts';

export interface Operation {
  readonly operationId: string;
  readonly 'x-protocol-id': string;
  readonly parameters?: readonly Parameter[];
  readonly security: readonly Record<string, unknown>[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, Response>>;
}
interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly required?: boolean;
  readonly schema: Schema;
}
type Content = Readonly<Record<string, { readonly schema: unknown; readonly example?: unknown }>>;
interface Response {
  readonly $ref?: string;
  readonly content?: Content;
  readonly links?: Readonly<Record<string, { operationId: string; parameters: Record<string, string> }>>;
}

/** The OpenAPI document as its readers get it. */
export const document = JSON.parse(JSON.stringify(openApiDocument()));

const ajv = new Ajv2020({ strict: false, allErrors: false });
addFormats.default(ajv);
/** Cursors that lists have returned: no other text is one. */
export const issuedCursors = new Set(['']);
ajv.addFormat('cursor', (text) => issuedCursors.has(text));
ajv.addFormat('time-zone', isTimeZone);
ajv.addSchema({ $id: 'openapi', components: document.components });

/** Every operation, with what is needed to look something up in the document. */
export const operations = Object.entries<Record<string, Operation>>(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path,
    operation,
    name: `${operation['x-protocol-id']} ${method.toUpperCase()} ${path}`,
  })),
);

/** The response of an operation for a status, undefined if the document has none. */
export function responseOf(operation: Operation, status: number | string): Response | undefined {
  const response = operation.responses[String(status)];
  return response?.$ref ? document.components.responses[response.$ref.split('/').at(-1)!] : response;
}

/** A JSON Schema of the document, with absolute references into it. */
export const absolute = <T>(schema: T): T =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/'));

const compiled = new Map<unknown, ValidateFunction>();

/** What is wrong with a value according to a schema of the document; undefined if nothing is. */
export function faultOf(schema: unknown, value: unknown): string | undefined {
  const validate = compiled.get(schema) ?? ajv.compile(absolute(schema) as object);
  compiled.set(schema, validate);
  return validate(value) ? undefined : ajv.errorsText(validate.errors);
}
