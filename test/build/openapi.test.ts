import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../../build/openapi-document.ts';
import { routes } from '../../functions/routes.ts';
import type { Route } from '../../functions/shared/route.ts';

const text = JSON.stringify(openApiDocument(), null, 2);
const document = JSON.parse(text);

interface Operation {
  readonly operationId: string;
  readonly 'x-protocol-id': string;
  readonly security: Record<string, string[]>[];
  readonly parameters?: unknown[];
  readonly responses: Record<string, unknown>;
}
const operations = Object.entries<Record<string, Operation>>(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ key: `${method.toUpperCase()} ${path}`, operation })),
);
const declared = Object.entries(routes).flatMap(([domain, table]) =>
  Object.entries<Route>(table)
    .filter(([, route]) => route.id !== '-')
    .map(([name, route]) => ({ key: `${route.method} ${route.path}`, operationId: `${domain}.${name}`, route })),
);

describe('the OpenAPI document', () => {
  it('has exactly the operations of the route table', () => {
    const found = operations.map(({ key, operation }) => [key, operation.operationId, operation['x-protocol-id']]);
    expect(found.toSorted()).toEqual(
      declared.map(({ key, operationId, route }) => [key, operationId, route.id]).toSorted(),
    );
  });

  it('is the same as the committed docs/openapi.json', () => {
    const committed = readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8');
    expect(committed === `${text}\n`, 'docs/openapi.json is out of date: run `npm run openapi`').toBe(true);
  });

  it('contains everything that it refers to', () => {
    const references = [...text.matchAll(/"\$ref": "#\/([^"]+)"/g)].map(([, path]) => path!);
    expect(references).not.toEqual([]);
    for (const path of new Set(references))
      expect(
        path.split('/').reduce((node, key) => node?.[key], document),
        path,
      ).toBeDefined();
  });

  it.each(declared)('$key declares its path parameters, body, responses, errors and security', ({ key, route }) => {
    const { operation } = operations.find((one) => one.key === key)!;
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining([String(route.status ?? 200), '503']));
    expect('requestBody' in operation).toBe(route.body !== undefined);
    expect('400' in operation.responses).toBe(Boolean(route.params || route.query || route.body));
    if (route.access !== 'open')
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['401', '403']));
    const schemes = {
      open: [],
      client: ['clientToken'],
      admin: ['adminToken'],
      clientOrAdmin: ['clientToken', 'adminToken'],
    };
    const named = operation.security.flatMap((one) => Object.entries(one));
    expect([...new Set(named.map(([scheme]) => scheme))]).toEqual(schemes[route.access]);
    const ofTenants = named.filter(([scheme]) => scheme === (route.access === 'admin' ? 'adminToken' : 'clientToken'));
    expect(ofTenants.flatMap(([, scopes]) => scopes)).toEqual(
      [route.scope].flat().filter((scope) => scope !== 'none' && route.access !== 'open'),
    );
    for (const name of route.path.matchAll(/\{(\w+)\}/g))
      expect(operation.parameters).toContainEqual(
        expect.objectContaining({ in: 'path', name: name[1], required: true }),
      );
  });
});
