import type { AgentState } from '../database/agent-state.ts';

/** What has become of an agent since it was read before. */
export interface Change {
  readonly before: AgentState;
  readonly now: AgentState;
  /** What happened in between: a call or a job's run, several in a row that serve one end, or anything, at once too. */
  readonly within: 'one call' | 'one act' | 'anything';
}

/** Told of each rule whether it holds; begins with the test plan's number of what it belongs to. */
export type Rule = (holds: unknown, rule: string) => void;

/** Tells of the first item that is there twice. */
export function once(items: readonly string[], broken: (item: string) => void): void {
  const twice = items.find((item, i) => items.indexOf(item) !== i);
  if (twice !== undefined) broken(twice);
}
