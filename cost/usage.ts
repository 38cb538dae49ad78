import { mergedCalls, steadyBudgetOf } from '../build/data-api-budgets.ts';
import { routes } from '../functions/routes.ts';
import type { Route } from '../functions/shared/route.ts';
import { type Loop, loops, mergedLoops, periodOf } from '../local/fleet/agents/loops.ts';

export const hoursAMonth = 730;
const secondsAMonth = hoursAMonth * 3600;

/** What an agent calls, and what a call takes. */
export interface Called {
  /** What the report calls it: a loop of the agent, or what happens to it. */
  readonly name: string;
  /** The Lambda that answers. */
  readonly fn: string;
  /** By one agent. */
  readonly callsAMonth: number;
  readonly dataApiCalls: number;
  /** How many of them write. */
  readonly writes: number;
  /** Decisions that the control plane takes because of it. */
  readonly decisions: number;
}

/** Changes of instance that an agent goes through in a month, by its own will or EC2's. */
const switchesAMonth = 4;

/** What is called only when an instance is replaced: it registers, fetches the command, reports, and its predecessor goes. */
const ofASwitch = ['A1', 'A7', 'A5', 'A8', 'X2'];

/** Data API calls that write, of the loops; a heartbeat and a price report are all that writes all day. */
const writesOfLoops: Readonly<Record<string, number>> = { A2: 1, A6: 2 };

const domains = new Map(
  Object.entries(routes).flatMap(([domain, table]) => Object.values<Route>(table).map(({ id }) => [id, domain])),
);

const loopCall = (loop: Loop, seconds: number): Called => {
  const { route } = loops[loop];
  return {
    name: loop,
    fn: domains.get(route)!,
    callsAMonth: secondsAMonth / seconds,
    dataApiCalls: steadyBudgetOf(route),
    writes: writesOfLoops[route] ?? 0,
    decisions: loop === 'pricing' ? 1 : 0,
  };
};

const switches: readonly Called[] = ofASwitch.map((route) => ({
  name: 'switches',
  fn: domains.get(route)!,
  callsAMonth: switchesAMonth,
  dataApiCalls: steadyBudgetOf(route),
  writes: steadyBudgetOf(route),
  decisions: 0,
}));

/** An agent of version 4, whose environment changes nothing unless one is given (protocol 6.2). */
export const unmodifiedAgent = (environment: Parameters<typeof periodOf>[1] = {}): readonly Called[] => [
  ...(Object.keys(loops) as Loop[]).map((loop) => loopCall(loop, periodOf(loop, environment))),
  ...switches,
];

/** An agent is decided on once in this time at most. */
const secondsBetweenDecisions = 300;

/** Heartbeats more than in the steady state while an agent moves and its old instance goes, as the simulated fleet sends them. */
const beatsOfASwitch = { count: 25, dataApiCalls: 5 };

/** An agent of the merged kind (protocol 6.7). @param seconds between its heartbeats where nothing is to be done */
export function mergedAgent(seconds: number = mergedLoops.heartbeat): readonly Called[] {
  const beat = { ...loopCall('heartbeat', seconds), dataApiCalls: mergedCalls };
  return [
    { ...beat, decisions: Math.min(1, seconds / secondsBetweenDecisions) },
    { ...beat, callsAMonth: switchesAMonth * beatsOfASwitch.count, dataApiCalls: beatsOfASwitch.dataApiCalls },
    { ...loopCall('pricing', mergedLoops.pricing), decisions: 0 },
    loopCall('cleanup', mergedLoops.cleanup),
    // Its commands come with the heartbeats.
    ...switches,
  ];
}

/** What nobody has measured on AWS, or what differs by who uses it. */
export const assumptions = {
  /** They share tokens, by which the gateway keeps identities. */
  agentsPerTenant: 100,
  /** A function's own time for a call: parsing, signing, checking. */
  handlerMs: 5,
  /** And its wait for one call to the Data API. */
  dataApiCallMs: 10,
  /** Simple statements by key that one ACU carries. */
  statementsPerAcuSecond: 500,
  /** Bytes of an answer with its headers. */
  answerBytes: 600,
  /** Bytes of a function's log line of a request, and of the gateway's. */
  answeredLineBytes: 550,
  accessLineBytes: 200,
  /** Bytes that a run of a job logs, its metrics included. */
  jobLineBytes: 1000,
  /** Rows that are kept of an agent and its tenant, with their indexes (docs/adr/0039). */
  storedMBPerAgent: 10,
  /** Of a database with nothing in it. */
  storedMB: 500,
  /** Events of EC2 about an agent's instances: notices, recommendations, ends. */
  eventsPerAgent: 12,
  /**
   * A run of a job with nothing to do: Data API calls, its lease included, and time. The mean of those of each minute, by
   * `npm run bench -- --jobs 1000,4000` on one machine, as the next two.
   */
  callsOfAJob: 5.4,
  jobMs: 100,
  /** A decision, one after each price report; the job decides on many at once. */
  callsPerDecision: 0.075,
  decisionMs: 4,
  /** Requests of a queue's five pollers, each of which waits 20 s for a message. */
  pollsOfAQueue: (5 * secondsAMonth) / 20,
};

export type Assumptions = typeof assumptions;
