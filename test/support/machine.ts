// The old place: to be removed when no test imports it any more.

export type { InstanceFacts as MachineFacts } from './agents/facts.ts';
export { TestInstance as Machine } from './agents/test-instance.ts';
