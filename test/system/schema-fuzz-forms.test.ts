import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { extensions, modelRoutes } from '../../functions/model/routes.ts';
import fc from '../support/fast-check.ts';
import { formsOf, type SentForm } from '../support/openapi/forms.ts';
import { operations } from '../support/openapi/schemas.ts';
import { findingOf } from '../support/openapi/verdict.ts';
import { Rig } from '../support/rig/rig.ts';
import { sizes } from '../support/run/sizes.ts';

// Sends forms with files, and near misses, to every operation that takes files, as schema-fuzz.test.ts does with JSON.
const cases = sizes.schemaCases;
const seed = Number(process.env.SEED ?? inject('runSeed'));

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

const kinds = { X8: extensions.model, X9: extensions.engine } as const;
const targets = operations
  .filter(({ operation }) => operation.requestBody?.content['multipart/form-data'])
  .map((target) => ({ ...target, id: target.operation['x-protocol-id'] as keyof typeof kinds }));

const send = (path: string, { contentType, bytes }: SentForm) =>
  rig.request('POST', path, {
    token: rig.controlPlane.adminToken,
    raw: bytes,
    headers: { 'content-type': contentType },
  });

const isRight = ({ expected }: SentForm) => expected === 'taken';

/** How many uploads were kept, whatever became of their sessions. */
async function kept(): Promise<number> {
  const rows = await rig.db
    .selectFrom('auditLogs')
    .select((eb) => eb.fn.countAll().as('n'))
    .where('action', 'like', '%uploaded')
    .executeTakeFirstOrThrow();
  return Number(rows.n);
}

it('forms are sent to every operation that takes files', () => {
  const takers = Object.values(modelRoutes).filter((route) => 'takesFiles' in route);
  expect(targets.map(({ id }) => id).toSorted()).toEqual(takers.map(({ id }) => id).toSorted());
});

describe(`${cases} forms with files`, () => {
  it.each(targets)('$name', { timeout: 60_000 + cases * 200 }, async ({ id, path, operation }) => {
    const drawn = fc.sample(formsOf(kinds[id], modelRoutes.uploadModel.maxBodyBytes), { numRuns: cases + 40, seed });
    // Few forms may by chance all be wrong: then the next right one comes, too.
    const first = drawn.slice(0, cases);
    const forms = first.some(isRight) ? first : [...first, drawn.find(isRight)!];
    const findings: string[] = [];
    const tally: Record<string, Record<number, number>> = {};
    const before = await kept();
    let taken = 0;
    for (const form of forms) {
      const { kind, expected } = form;
      const answer = await send(path, form);
      const { status } = answer;
      const finding = findingOf(operation, 'a form', answer);
      const isWrong = isRight(form) ? status !== 200 : expected === 'refused' && ![400, 413].includes(status);
      if (finding || isWrong)
        findings.push(`${kind}: ${finding ?? status} ${JSON.stringify(answer.body)}\n${shown(form)}`);
      if (status < 300) taken += 1;
      tally[kind] ??= {};
      tally[kind][status] = (tally[kind][status] ?? 0) + 1;
    }
    console.log(`SEED=${seed} ${id}: ${JSON.stringify(tally)}`);
    expect(findings.length, `SEED=${seed}: ${findings.slice(0, 5).join('\n\n')}\n`).toBe(0);
    expect(await kept(), 'what is refused is not kept').toBe(before + taken);
    expect(taken).toBeGreaterThan(0);
  });
});

const shown = ({ contentType, bytes }: SentForm) =>
  `${contentType.slice(0, 100)} ${JSON.stringify(Buffer.from(bytes).toString('latin1').slice(0, 600))}`;
