import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Event } from '../../../functions/shared/request.ts';
import { parseRequest } from '../../../functions/shared/request.ts';
import type { Route } from '../../../functions/shared/route.ts';

const route = { body: z.record(z.string(), z.unknown()) } as unknown as Route;
const bodyOf = (body: string) => parseRequest(route, { body } as Event).body;
const refusal = (field: string, message: string) =>
  expect.objectContaining({
    code: 'invalid_request',
    detail: { details: { [field]: [message] } },
  });

describe('a key of a body', () => {
  it('may have 255 characters', () => {
    const body = { ['k'.repeat(255)]: { 'é😀': [1] } };
    expect(bodyOf(JSON.stringify(body))).toEqual(body);
  });

  it.each([
    ['at the top', (key: string) => ({ [key]: 1 })],
    ['within a list', (key: string) => ({ tags: [{ [key]: 1 }] })],
  ])('is refused %s if it is longer, as MySQL has a limit too', (_place, body) => {
    for (const length of [256, 65_536])
      expect(() => bodyOf(JSON.stringify(body('k'.repeat(length))))).toThrow(
        refusal(`${'k'.repeat(32)}…`, 'must be a name of at most 255 characters'),
      );
  });

  it.each([
    ['a first half', '{"a\\ud83d":1}'],
    ['a second half', '{"tags":{"a\\ude00":1}}'],
  ])('is refused with %s of a surrogate pair, which no JSON column accepts', (_half, body) => {
    expect(() => bodyOf(body)).toThrow(refusal('a\ufffd', 'must be a name of well-formed Unicode'));
  });

  it('is refused with a NUL', () => {
    expect(() => bodyOf('{"a\\u0000":1}')).toThrow(refusal('a', 'must not contain a NUL character'));
  });
});

it('half a surrogate pair in a value is replaced', () => {
  expect(bodyOf('{"a":"x\\ud83d"}')).toEqual({ a: 'x\ufffd' });
});
