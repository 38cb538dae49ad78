import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { routes } from '../../functions/routes.ts';
import type { Route } from '../../functions/shared/route.ts';
import { document, faultOf, operations, responseOf } from '../support/openapi/schemas.ts';

const byId = new Map(
  Object.values(routes).flatMap((table) => Object.values<Route>(table).map((route) => [route.id, route] as const)),
);

describe('the OpenAPI document', () => {
  it('is valid according to a validator', async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it('is rejected by the same validator once a response has an invalid status', async () => {
    const broken = structuredClone(document);
    broken.paths['/health'].get.responses = { wrong: {} };
    expect((await new Validator().validate(broken)).valid).toBe(false);
  });

  it.each(operations)('$name has examples that its own schemas allow', ({ operation }) => {
    const route = byId.get(operation['x-protocol-id'])!;
    const json = operation.requestBody?.content['application/json'];
    if (json) {
      const { schema, example } = json;
      expect(faultOf(schema, example)).toBeUndefined();
      expect(route.body!.safeParse(example).error).toBeUndefined();
    }
    for (const status of Object.keys(operation.responses))
      for (const { schema, example } of Object.values(responseOf(operation, status)?.content ?? {}))
        expect(faultOf(schema, example), status).toBeUndefined();
  });

  it('rules out field names and values that are not allowed in a body', () => {
    const { schema } = operations.find(({ operation }) => operation.operationId === 'agent.register')!.operation
      .requestBody!.content['application/json']!;
    const body = {
      logical_agent_id: 'a',
      instance_id: 'i-1',
      instance_type: 'm5.large',
      region: 'r',
      az: 'us-east-1a',
    };
    expect(faultOf(schema, body)).toBeUndefined();
    for (const wrong of [
      { az: 'a\0b' },
      { az: '' },
      { az: 'z' },
      { az: 'x'.repeat(49) },
      { unknown: { deep: ['\0'] } },
      { 'a\0': 1 },
      { ['k'.repeat(256)]: 1 },
    ])
      expect(faultOf(schema, { ...body, ...wrong }), JSON.stringify(wrong).slice(0, 60)).toBeDefined();
  });

  it('links to every operation that takes an id but three, always with all parameters of the path', () => {
    const links = operations.flatMap(({ operation }) =>
      Object.values(operation.responses).flatMap(({ links = {} }) => Object.values(links)),
    );
    for (const { operationId, parameters } of links) {
      const { operation } = operations.find((one) => one.operation.operationId === operationId)!;
      const inPath = (operation.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => `path.${name}`);
      expect(Object.keys(parameters).toSorted()).toEqual(inPath.toSorted());
    }
    const linked = new Set(links.map(({ operationId }) => operationId));
    const withIds = operations.filter(({ path }) => path.includes('{')).map(({ operation }) => operation.operationId);
    expect(withIds.filter((id) => !linked.has(id))).toEqual(['client.openExport', 'admin.openExport', 'docs.file']);
  });
});
