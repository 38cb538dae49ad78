import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
let instance: TestInstance;
beforeAll(async () => {
  rig = await Rig.start();
  instance = await rig.primary({ mode: 'spot' });
  await instance.report(0.1, { 'us-east-1a': 0.03, 'us-east-1b': 0.02 });
  await accrue(3);
});
afterAll(() => rig.stop());

/** Lets hours pass and runs the job that accounts for them. */
async function accrue(hours: number) {
  const due = () => new Date(rig.clock.now().getTime() + 12 * 60_000).toISOString();
  await rig.controlPlane.runJob({ job: 'accrue-savings', time: due() });
  rig.pass(hours * 3600);
  await rig.controlPlane.runJob({ job: 'accrue-savings', time: due() });
}
const explain = (query = '', of = instance) =>
  rig.request('GET', `/api/client/${instance.tenant.id}/savings/explain${query}`, { token: of.tenant.token });

it('E7 explains savings: the rules, each instance hour, and the totals of these hours', async () => {
  const { status, body, calls } = await explain();
  expect(status).toBe(200);
  expect(calls).toBe(3);
  expect(body.rules.length).toBeGreaterThan(5);
  expect(body.totals).toEqual({
    instance_hours: 3,
    hours_running: 3,
    hours_unpriced: 0,
    baseline_cost: 0.3,
    actual_cost: 0.09,
    savings: 0.21,
  });
  expect(body.records).toHaveLength(3);
  expect(body.records[0]).toMatchObject({
    instance_id: instance.id,
    hour: '2026-03-02T02:00:00.000Z',
    mode: 'spot',
    hours_primary: 1,
    baseline_cost: 0.1,
    actual_cost: 0.03,
    free_reason: null,
  });
});

it('E7 pages through the hours, with the totals of all hours on each page', async () => {
  const first = await explain('?limit=2');
  const second = await explain(`?limit=2&cursor=${encodeURIComponent(first.body.next_cursor)}`);
  expect(
    [...first.body.records, ...second.body.records].map(({ hour }: { hour: string }) => hour.slice(11, 13)),
  ).toEqual(['02', '01', '00']);
  expect(second.body).toMatchObject({ next_cursor: null, totals: first.body.totals });
});

it('E7 covers only the requested period', async () => {
  const { body } = await explain('?from=2026-03-02T01:00:00Z&to=2026-03-02T02:00:00Z');
  expect(body.totals).toMatchObject({ instance_hours: 1, savings: 0.07 });
});

it.each([
  '?from=yesterday',
  '?from=2026-03-02T01:00:00Z&to=2026-03-01T02:00:00Z',
  '?from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z',
  '?limit=1001',
  '?cursor=abc.def',
])('E7 refuses %s', async (query) => {
  expect((await explain(query)).status).toBe(400);
});

it('E7 of another tenant is a 404', async () => {
  expect((await explain('', await rig.primary())).body).toMatchObject({ code: 'client_not_found' });
});
