import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { computedPart, costDocument, withComputedPart } from '../../cost/document.ts';
import { costOf } from '../../cost/model.ts';
import { caseOf, goal, mergedGoal } from '../../cost/report.ts';
import { deployments } from '../../cost/synthesise.ts';
import { mergedAgent, unmodifiedAgent } from '../../cost/usage.ts';
import { beatSeconds } from '../../functions/agent/agenda.ts';
import { lambdas } from '../../functions/lambdas.ts';
import { production } from '../../lib/config.ts';
import { cheaperEnvironment, loops, mergedLoops } from '../../local/fleet/agents/loops.ts';

const both = deployments();
const document = readFileSync(costDocument, 'utf8');

it('docs/cost.md says what `npm run cost` computes; `npm run cost -- --write` updates it', () => {
  expect(withComputedPart(document, computedPart(both))).toBe(document);
});

it('the computation reads its inputs from what is deployed', () => {
  const { memoryGB, successShare, minAcu, maxAcu, instances } = both.production;
  expect(memoryGB).toEqual(
    Object.fromEntries(Object.entries(lambdas).map(([name, { memoryMB }]) => [name, memoryMB / 1024])),
  );
  expect({ successShare, minAcu, maxAcu, instances }).toEqual({
    successShare: production.logs.successShare,
    minAcu: production.database.minAcu,
    maxAcu: production.database.maxAcu,
    instances: production.database.hasReader ? 2 : 1,
  });
});

it('a development stack whose database sleeps costs at most 5 USD a month', () => {
  expect(costOf(caseOf(both.development, 0)).total).toBeLessThanOrEqual(5);
});

it('an unmodified agent costs at most 0.87 USD a month, so a new call on a frequent route shows up here', () => {
  const { total } = costOf(caseOf(both.production, goal.agents));
  expect(total / goal.agents).toBeLessThanOrEqual(0.87);
});

const eachOf = (calls: ReturnType<typeof unmodifiedAgent>) =>
  costOf({ ...caseOf(both.production, goal.agents), calls }).total / goal.agents;

it('agents started with the variables that docs/deploy.md lists meet their cost goal', () => {
  expect(eachOf(unmodifiedAgent(cheaperEnvironment))).toBeLessThanOrEqual(goal.usd);
  const deploy = readFileSync('docs/deploy.md', 'utf8');
  for (const [name, seconds] of Object.entries(cheaperEnvironment)) expect(deploy).toContain(`${name}=${seconds}`);
});

it('agents of the merged kind meet their cost goal, at the heartbeat interval that the control plane sets', () => {
  expect(eachOf(mergedAgent())).toBeLessThanOrEqual(mergedGoal.usd);
  expect(mergedLoops.heartbeat).toBe(beatSeconds.steady);
});

it('agents call as often as docs/protocol.md says', () => {
  const [, section] = readFileSync('docs/protocol.md', 'utf8').split('### 6.2 ');
  const told = section!
    .split('\n### ')[0]!
    .split('\n')
    .filter((line) => /^\| [A-Z]\d+ /.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, loop, v4, v32, variable]) => {
      const seconds = Number(/^[\d,]+/.exec(v4!)![0].replace(',', ''));
      const name = variable!.replaceAll('`', '');
      const isNamed = name !== '–';
      return {
        route: loop!.split(' ')[0],
        seconds,
        ...(isNamed && { variable: name }),
        ...(v32 === '–' && { isOnlyOfV4: true }),
      };
    });
  const key = ({ route, seconds }: { route?: string; seconds: number }) => `${route} ${seconds}`;
  const sorted = <T extends { route?: string; seconds: number }>(all: readonly T[]) =>
    all.toSorted((a, b) => key(a).localeCompare(key(b)));
  expect(sorted(told)).toEqual(sorted(Object.values(loops)));
});
