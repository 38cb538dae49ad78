import { describe, expect, it } from 'vitest';
import { costsOf, savingsPercent } from '../../../../local/fleet/report/costs.ts';
import { refusedByGate } from '../../../../local/fleet/report/decision-log.ts';
import { percentile } from '../../../../local/fleet/report/interruption-report.ts';
import { checkForLeaks } from '../../../../local/fleet/report/leak-check.ts';
import { report } from '../../../../local/fleet/report/report.ts';
import { FakeControlPlane } from '../../../support/fleet/fake-control-plane.ts';
import { market, simulatedFleet } from '../../../support/fleet/simulated-fleet.ts';

const api = FakeControlPlane.use();

describe('the report', () => {
  it('compares what all instances cost with one on-demand instance for each agent', async () => {
    api.queue();
    const { fleet, simulation, run } = simulatedFleet(api, { pollSeconds: 1800 });
    api.answer('GET /api/agents/{agent_id}', () => ({ instance_id: fleet.ec2.instances[1]?.id }));
    await run(3600 + 30);
    const { now } = simulation;
    const costs = costsOf(fleet, market, now);
    const leakCheck = await checkForLeaks(fleet, { url: api.url, token: 'token-x', retentionSeconds: 300, now });
    expect(costs.baseline).toBeCloseTo(0.1, 12);
    // Nothing terminated the old instance.
    expect(costs.actual).toBeCloseTo(0.1 + (0.03 * 3570) / 3600, 12);
    expect(savingsPercent(costs)).toBeCloseTo(-29.75, 9);
    const text = report({
      market,
      fleet,
      start: market.start,
      end: simulation.now,
      wallSeconds: 2,
      costs,
      leakCheck,
      terminations: { confirmed: 4, unconfirmed: 1, describeCalls: 2 },
      accounts: {
        ...{ baseline: 0.1, actual: 0.13, savings: -0.03, until: market.start },
        ofFleet: { baseline: 0.1, actual: 0.12 },
      },
      refused: new Map([['min_savings', 3]]),
      notes: ['a note'],
    });
    expect(text).toMatch(/^ {2}accounted +-0\.03 {2}by the control plane.*0\.10 less 0\.13$/m);
    expect(text).toMatch(/^ {4}by the fleet +-0\.02 {2}its own books until .* UTC: 0\.10 less 0\.12$/m);
    expect(text).toMatch(/^ {2}completed +1 {2}\d+\.\d\d per agent and week$/m);
    expect(text).toMatch(/^ {4}model, to spot +1$/m);
    expect(text).toMatch(/^ {4}by min_savings +3$/m);
    expect(text).toMatch(/^ {2}commands received +1 {2}1 RunInstances calls for them$/m);
    expect(text).toMatch(/^ {4}POST \/api\/agents\/\{agent_id\}\/heartbeat +\d+ {2}2\.00 Data API calls each$/m);
    expect(text).toMatch(/^ {2}terminations confirmed +4 {2}EC2 was asked 2 times/m);
    expect(text).toMatch(/^ {2}a note$/m);
  });

  it('reads the refusals from the decision log', async () => {
    const asked: unknown[] = [];
    const query = async (...statement: unknown[]) => {
      asked.push(statement[1]);
      return [
        { failed_gate: 'min_savings', refused: 7 },
        { failed_gate: null, refused: '2' },
      ];
    };
    expect([...(await refusedByGate(query, 'c-1'))]).toEqual([
      ['min_savings', 7],
      ['unknown gate', 2],
    ]);
    expect(asked).toEqual([{ client: 'c-1' }]);
  });

  it('takes percentiles that are among the values', () => {
    expect([50, 95, 100].map((percent) => percentile([4, 1, 3, 2], percent))).toEqual([2, 4, 4]);
    expect(percentile([], 50)).toBeUndefined();
  });
});
