import type { Deployment } from './deployment.ts';
import { goal, idleTable, kindsTable, leversTable, limitsOf, perAgentTable, verdict } from './report.ts';

export const costDocument = 'docs/cost.md';

const begin = '<!-- begin of what `npm run cost -- --write` wrote -->';
const end = '<!-- end of what `npm run cost -- --write` wrote -->';

/** The computed part of the document. */
export const computedPart = ({ production, development }: Readonly<Record<'production' | 'development', Deployment>>) =>
  [
    perAgentTable(production, [1000, 10_000, 100_000, 1_000_000]),
    verdict(production),
    kindsTable(production),
    limitsOf(production),
    leversTable(production, goal.agents),
    idleTable({ production, development }),
  ].join('\n\n');

/** @throws Error when the document lacks the marker lines */
export function withComputedPart(document: string, part: string): string {
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${costDocument} must have the lines\n${begin}\n${end}`);
  return `${document.slice(0, from)}${begin}\n\n${part}\n\n${document.slice(to)}`;
}
