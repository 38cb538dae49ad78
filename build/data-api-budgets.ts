/** The most Data API calls a route may make unless it is listed below. */
export const usualBudget = 3;

/**
 * Data API calls of the routes that agents call all day, in the steady state. A test counts them
 * (test/system/budgets.test.ts); they are most of the monthly cost (docs/cost.md).
 */
export const steadyCalls = { A2: 1, A3: 1, A4: 1, A6: 3, R2: 1, X3: 1 } as const;

/** Data API calls of a merged agent's heartbeat with nothing new: almost all that it calls all day (protocol A2). */
export const mergedCalls = 1;

/** Routes that may make more than `usualBudget` calls, and why. Agents and operators call them only now and then. */
export const dearer: Readonly<Record<string, [calls: number, why: string]>> = {
  A2: [8, 'a change of state; one of the merged kind is told all else in its answer, where there is something'],
  A1: [10, 'a change of state, one look-up of its token, its pool, and for a new agent whether the plan has room'],
  A5: [8, 'a change of state'],
  A6: [6, 'what is seen for the first time costs more, once; see above for the steady state'],
  A7: [8, 'a change of state'],
  A8: [8, 'a change of state'],
  X2: [8, 'a change of state'],
  A10: [6, 'two reads of the policy’s inputs; signal, agent, event and command are rows of four tables'],
  C5: [8, 'a change of state'],
  C6: [8, 'a change of state'],
  C7: [9, 'a change of state, and its row of the audit log'],
  C8: [9, 'a change of state, of two standbys at most'],
  C17: [8, 'a change of state, and one look-up of the instance before'],
  A14: [7, 'command, event and act are rows of three tables, in one transaction'],
  X30: [5, 'alert and act are rows of two tables, in one transaction; and whether there was room for the alert'],
  D1: [7, 'tenant, token, event and act are rows of four tables, in one transaction'],
  D3: [7, 'as D1'],
  E12: [
    8,
    'tenant, run and act are rows of three tables, in one transaction; agents before it, and an old run that goes',
  ],
  E15: [8, 'as E12'],
  X34: [5, 'as X30'],
  E11: [8, 'tenant, list and its row of the audit log, in one transaction; and the hours that it concerns'],
  E2: [6, 'what was set before is kept with the act, in one transaction'],
  E9: [5, 'as E2'],
  D2: [6, 'as D1'],
  X13: [11, 'for each agent a change of state and its row of the audit log'],
  E3: [4, 'pools, buckets, trusted prices, and the row of the audit log'],
  X8: [9, 'session, files and act are rows of three tables, in one transaction; and what is kept no longer goes'],
  X9: [9, 'as X8'],
  X36: [4, 'what the link was signed with, and the three statements of X7'],
  N5: [
    8,
    'tenant, webhook, its tests and its row of the audit log, in one transaction; and the answer says what there is now',
  ],
  N6: [7, 'webhook, queue and messages are rows of three tables, and the act of a fourth, in one transaction'],
  N8: [6, 'messages, when they are due, and the act, in one transaction'],
  T1: [6, 'as D1'],
  T3: [6, 'as D1'],
  O1: [5, 'as D1'],
  O3: [5, 'as D1'],
};

/** The most Data API calls a route may make. */
export const budgetOf = (id: string): number => dearer[id]?.[0] ?? usualBudget;

/** The same in the steady state, for routes that are called all day. */
export const steadyBudgetOf = (id: string): number =>
  (steadyCalls as Readonly<Record<string, number>>)[id] ?? budgetOf(id);
