import type { AgentState } from '../database/agent-state.ts';

/** How an agent changed since it was read before. */
export interface Change {
  readonly before: AgentState;
  readonly now: AgentState;
  /**
   * What happened in between: one call or job run, several in a row for one purpose, or anything, even concurrently.
   */
  readonly within: 'one call' | 'one act' | 'anything';
}

/** Receives each rule and whether it holds. The text begins with the number of its invariant in the test plan. */
export type Rule = (holds: unknown, rule: string) => void;

/** Reports the first item that occurs twice. */
export function once(items: readonly string[], broken: (item: string) => void): void {
  const twice = items.find((item, i) => items.indexOf(item) !== i);
  if (twice !== undefined) broken(twice);
}
