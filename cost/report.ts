import { render, type Table } from '../evaluation/report/text-table.ts';
import { cheaperEnvironment } from '../local/fleet/agents/loops.ts';
import type { Deployment } from './deployment.ts';
import { levers } from './levers.ts';
import { type Case, components, costOf } from './model.ts';
import { prices } from './prices.ts';
import { assumptions, mergedAgent, unmodifiedAgent } from './usage.ts';

/** Unmodified agents on a deployment. */
export const caseOf = (deployment: Deployment, agents: number): Case => ({
  deployment,
  agents,
  calls: unmodifiedAgent(),
  assumptions,
  prices,
});

/** The goal in USD per agent and month, at this many agents. */
export const goal = { usd: 0.6, agents: 10_000 };

/** The goal for merged agents. */
export const mergedGoal = { usd: 0.05, agents: goal.agents };

/** The kinds of agents, and the goal for each. */
const kinds = [
  { name: 'unmodified', calls: unmodifiedAgent(), goal: goal.usd },
  { name: 'with the variables of deploy.md', calls: unmodifiedAgent(cheaperEnvironment), goal: goal.usd },
  { name: 'merged', calls: mergedAgent(), goal: mergedGoal.usd },
];

/** USD per agent and month by component, with a column for each kind of agent. */
export function kindsTable(deployment: Deployment): string {
  const now = caseOf(deployment, goal.agents);
  const months = kinds.map(({ calls, ...kind }) => ({ ...kind, calls, ...costOf({ ...now, calls }) }));
  const isReached = (month: (typeof months)[number]) => month.total / goal.agents <= month.goal;
  return render({
    title: `USD per agent and month by the kind of agent, at ${number(goal.agents)} agents`,
    head: ['', ...kinds.map(({ name }) => name)],
    rows: [
      ...components.map((name) => [name, ...months.map(({ usd }) => perAgent(usd[name] / goal.agents))]),
      ['**all**', ...months.map(({ total }) => `**${perAgent(total / goal.agents)}**`)],
      [
        'requests of an agent a month',
        ...months.map(({ calls }) => number(calls.reduce((sum, { callsAMonth }) => sum + callsAMonth, 0))),
      ],
      ['goal', ...months.map((month) => `${month.goal.toFixed(2)}${isReached(month) ? '' : ', NOT'} reached`)],
    ],
  });
}

const perAgent = (usd: number) => usd.toFixed(4);
const number = (value: number, digits = 0) =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** USD per agent and month by component, with a column for each number of agents. */
export function perAgentTable(deployment: Deployment, sizes: readonly number[]): string {
  const months = sizes.map((agents) => ({ agents, ...costOf(caseOf(deployment, agents)) }));
  const line = (name: string, of: (month: (typeof months)[number]) => string) => [name, ...months.map(of)];
  return render({
    title: 'USD per agent and month',
    head: ['', ...sizes.map((agents) => number(agents))],
    rows: [
      ...components.map((name) => line(name, ({ usd, agents }) => perAgent(usd[name] / agents))),
      line('**all**', ({ total, agents }) => `**${perAgent(total / agents)}**`),
      line('USD a month', ({ total }) => number(total)),
      line('requests a second', ({ requestsASecond }) => number(requestsASecond)),
      line('ACU', ({ acu }) => number(acu, 1)),
    ],
  });
}

/** How many unmodified agents `lib/config.ts` allows. Beyond that, a deployment needs a different configuration. */
export function limitsOf(deployment: Deployment): string {
  const { requestsASecond, acu } = costOf(caseOf(deployment, 1_000_000));
  const agentsAt = (share: number) => number(Math.floor((share * 1_000_000) / 1000) * 1000);
  return [
    `The gateway's throttle of ${number(deployment.throttle)} requests a second is reached at ${agentsAt(deployment.throttle / requestsASecond)} agents,`,
    `\`maxAcu\` ${deployment.maxAcu} at ${agentsAt(deployment.maxAcu / acu)}, and the 256 ACU of the largest cluster at ${agentsAt(256 / acu)}.`,
    'Columns beyond are what several deployments, or higher quotas, would cost.',
  ].join('\n');
}

/** USD per month of each stack without agents: the fixed cost. */
export function idleTable(deployments: Readonly<Record<string, Deployment>>): string {
  const months = Object.values(deployments).map((deployment) => costOf(caseOf(deployment, 0)));
  return render({
    title: 'USD a month without agents',
    head: ['', ...Object.keys(deployments)],
    rows: [
      ...components.map((name) => [name, ...months.map(({ usd }) => usd[name].toFixed(2))]),
      ['**all**', ...months.map(({ total }) => `**${total.toFixed(2)}**`)],
    ],
  });
}

/** What each lever saves per agent and month. */
export function leversTable(deployment: Deployment, agents: number): string {
  const now = caseOf(deployment, agents);
  const { total } = costOf(now);
  const rows = levers.map(({ what, isPulled, total: of }) => {
    const other = of(now);
    const saved = (isPulled ? other - total : total - other) / agents;
    return [what, isPulled ? 'yes' : 'no', perAgent(other / agents), perAgent(saved)];
  });
  const table: Table = {
    title: `Levers, at ${number(agents)} agents of ${perAgent(total / agents)} USD`,
    head: ['what', 'pulled', 'then costs', 'saves'],
    rows,
  };
  return render(table);
}

/** Whether the goal is reached, and what costs most if not. */
export function verdict(deployment: Deployment): string {
  const { usd, total } = costOf(caseOf(deployment, goal.agents));
  const each = total / goal.agents;
  const [first, second] = components.toSorted((a, b) => usd[b] - usd[a]);
  const share = (name: typeof first) => `${name} ${((100 * usd[name!]) / total).toFixed(0)} %`;
  const reached = each <= goal.usd ? 'is reached' : 'is NOT reached';
  return `The goal of ${goal.usd.toFixed(2)} USD at ${number(goal.agents)} unmodified agents ${reached}: ${each.toFixed(2)} USD, of which ${share(first)} and ${share(second)}.`;
}
