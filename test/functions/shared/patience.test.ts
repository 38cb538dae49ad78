import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import { Rig } from '../../support/rig/rig.ts';

// How long a caller waits for a database that does not respond at all, or is paused.

let rig: Rig;
let instance: TestInstance;
beforeAll(async () => {
  rig = await Rig.start({ DATA_API_POLL_MS: '1000', DATA_API_RETRY_MS: '25000' });
  instance = await rig.primary();
  expect((await instance.config()).status).toBe(200); // from now on the gateway has the token cached
});
afterAll(() => rig.stop());

it.each([
  ['GET config', () => instance.config()],
  ['GET pending-commands', () => instance.pendingCommands()],
  ['POST heartbeat', () => instance.heartbeat()],
  ['POST pricing-report', () => instance.report(0.1, { 'us-east-1a': 0.05 })],
])('%s, which comes again soon, does not wait for a call that hangs', async (_name, poll) => {
  const { dataApi } = rig.controlPlane;
  const hanging = Promise.withResolvers<void>();
  dataApi.onCall = () => hanging.promise;
  const answer = await poll();
  dataApi.onCall = undefined;
  hanging.resolve();
  expect(answer.status).toBe(503);
  expect(answer.calls).toBe(1);
  const seconds = Number(answer.headers.get('retry-after'));
  expect(seconds).toBeGreaterThanOrEqual(5);
  expect(seconds).toBeLessThanOrEqual(15);
});

it('a poll retries its calls only briefly, a report that is sent once for longer', async () => {
  const away = { error: 'DatabaseResumingException', when: 'before', times: 3 } as const;
  rig.faults.inject({ ...away, times: Number.POSITIVE_INFINITY });
  expect((await instance.heartbeat()).status).toBe(503);
  rig.faults.clear();
  rig.faults.inject(away);
  expect((await instance.terminationImminent()).status).toBeLessThan(500);
  rig.faults.clear();
});
