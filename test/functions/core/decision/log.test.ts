import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readInput } from '../../../../functions/core/decision/inputs.ts';
import { logDecisions } from '../../../../functions/core/decision/log.ts';
import { decide as takeDecision } from '../../../../functions/core/decision/policy.ts';
import { refusedByGate } from '../../../../local/fleet/report/decision-log.ts';
import { queryOver } from '../../../../local/fleet/run/query.ts';
import { Rig } from '../../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

let types = 0;
async function waiting(zones: Record<string, number> = { 'us-east-1a': 0.05, 'us-east-1b': 0.03 }) {
  const instance = await rig.primary({ type: `l${++types}.large`, mode: 'spot' });
  await instance.set({ autoSwitchEnabled: false });
  const decide = async (prices = zones) => {
    rig.pass(300);
    await instance.report(0.1, prices);
    await rig.runJob('decide');
  };
  return { instance, decide };
}

describe('decisions', () => {
  it('that say the same a thousand times are one row, which says how often and until when', async () => {
    const { instance, decide } = await waiting();
    await decide();
    const first = rig.clock.now();
    const of = { clientId: instance.tenant.id, agentId: instance.agentId, ref: instance.agentId };
    const state = await readInput(rig.db, of, first);
    const again = [{ ...state, decision: takeDecision(state.input, first), source: 'loop' as const }];
    for (let round = 1; round < 1000; round += 1) await logDecisions(rig.db, rig.pass(300), again);
    expect(await instance.decisions()).toMatchObject([
      { times: 1000, decisionTime: first, lastTime: rig.clock.now(), failedGate: 'auto_switch_off' },
    ]);
  }, 180_000);

  it('that differ only in numbers share a row; another target, gate or outcome is another row', async () => {
    const { instance, decide } = await waiting();
    const targets: Record<string, number>[] = [
      { 'us-east-1b': 0.03 },
      { 'us-east-1b': 0.029 },
      { 'us-east-1c': 0.02 },
      { 'us-east-1c': 0.021 },
    ];
    for (const target of targets) await decide({ 'us-east-1a': 0.05, 'us-east-1b': 0.045, ...target });
    await instance.set({ enabled: false });
    await decide({ 'us-east-1a': 0.05, 'us-east-1c': 0.021 });
    expect(
      (await instance.decisions()).map(({ recommendedPoolId, failedGate, times }) => [
        recommendedPoolId?.at(-1),
        failedGate,
        times,
      ]),
    ).toEqual([
      ['b', 'auto_switch_off', 2],
      ['c', 'auto_switch_off', 2],
      ['c', 'disabled', 1],
    ]);
  });

  it('that lead to a command are each written as a row', async () => {
    const { instance, decide } = await waiting();
    await instance.set({ autoSwitchEnabled: true });
    for (let round = 0; round < 2; round += 1) {
      await decide();
      await rig.db
        .updateTable('commands')
        .set({ status: 'cancelled' })
        .where('agentId', '=', instance.agentId)
        .execute();
    }
    expect(await instance.decisions()).toMatchObject([
      { allowed: true, times: 1, commandId: expect.any(String) },
      { allowed: true, times: 1, commandId: expect.any(String) },
    ]);
  });

  it('that were taken twice at the same time count once', async () => {
    const { instance, decide } = await waiting();
    await decide();
    await decide();
    await instance.set({ decidedAt: new Date(0) }); // as if the run had been cut off before it recorded this
    await rig.runJob('decide');
    expect(await instance.decisions()).toMatchObject([{ times: 2 }]);
  });

  it('that an agent asks for are kept apart from those of the job', async () => {
    const { instance, decide } = await waiting();
    for (let round = 0; round < 3; round += 1) {
      await decide();
      await instance.request('POST', '/decide', { instance: {} });
    }
    expect((await instance.decisions()).map(({ source, times }) => `${source} ${times}`).sort()).toEqual([
      'agent 3',
      'loop 3',
    ]);
  });

  it('are counted by the gate that refused them, however many rows they take', async () => {
    const { instance, decide } = await waiting();
    for (let round = 0; round < 3; round += 1) await decide();
    const query = queryOver(rig.controlPlane.dataApi.url);
    expect(await refusedByGate(query, instance.tenant.id)).toEqual(new Map([['auto_switch_off', 3]]));
  });
});
