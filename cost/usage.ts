import { mergedCalls, steadyBudgetOf } from '../build/data-api-budgets.ts';
import { routes } from '../functions/routes.ts';
import type { Route } from '../functions/shared/route.ts';
import { type Loop, loops, mergedLoops, periodOf } from '../local/fleet/agents/loops.ts';

export const hoursAMonth = 730;
const secondsAMonth = hoursAMonth * 3600;

/** A kind of call that an agent makes, and what each call takes. */
export interface Called {
  /** A loop of the agent, or an event in its life, such as switches. */
  readonly name: string;
  /** The Lambda that handles it. */
  readonly fn: string;
  /** Calls by one agent. */
  readonly callsAMonth: number;
  readonly dataApiCalls: number;
  /** How many of these Data API calls write. */
  readonly writes: number;
  /** Decisions that the control plane makes because of each call. */
  readonly decisions: number;
}

/** Instance changes of an agent per month, planned or caused by EC2. */
const switchesAMonth = 4;

/** Routes called only when an instance is replaced. */
const ofASwitch = ['A1', 'A7', 'A5', 'A8', 'X2'];

/** Data API calls that write, by the loop's route. Only heartbeats and price reports write all day. */
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

/** A version 4 agent, with the default periods unless an environment is given (protocol 6.2). */
export const unmodifiedAgent = (environment: Parameters<typeof periodOf>[1] = {}): readonly Called[] => [
  ...(Object.keys(loops) as Loop[]).map((loop) => loopCall(loop, periodOf(loop, environment))),
  ...switches,
];

/** Each agent gets at most one decision in this time. */
const secondsBetweenDecisions = 300;

/** Extra heartbeats during a switch, until the old instance is gone, as observed in the simulated fleet. */
const beatsOfASwitch = { count: 25, dataApiCalls: 5 };

/** A merged agent (protocol 6.7). @param seconds between its heartbeats when there is nothing to do */
export function mergedAgent(seconds: number = mergedLoops.heartbeat): readonly Called[] {
  const beat = { ...loopCall('heartbeat', seconds), dataApiCalls: mergedCalls };
  return [
    { ...beat, decisions: Math.min(1, seconds / secondsBetweenDecisions) },
    { ...beat, callsAMonth: switchesAMonth * beatsOfASwitch.count, dataApiCalls: beatsOfASwitch.dataApiCalls },
    { ...loopCall('pricing', mergedLoops.pricing), decisions: 0 },
    loopCall('cleanup', mergedLoops.cleanup),
    // Its commands come in heartbeat responses, so it does not poll for them.
    ...switches,
  ];
}

/** Values that nobody has measured on AWS, or that differ by tenant. */
export const assumptions = {
  /** A tenant's agents share tokens, which are the keys of the gateway's identity cache. */
  agentsPerTenant: 100,
  /** A function's own time per request: parsing, signing, checking. */
  handlerMs: 5,
  /** How long it waits for one Data API call. */
  dataApiCallMs: 10,
  /** Simple statements by key that one ACU can run per second. */
  statementsPerAcuSecond: 500,
  /** Bytes of a response with its headers. */
  answerBytes: 600,
  /** Bytes of a request's log line, from the function and from the gateway. */
  answeredLineBytes: 550,
  accessLineBytes: 200,
  /** Bytes that a job run logs, including its metrics. */
  jobLineBytes: 1000,
  /** Rows kept for an agent and its tenant, with their indexes (docs/adr/0039). */
  storedMBPerAgent: 10,
  /** An empty database. */
  storedMB: 500,
  /** EC2 events about an agent's instances per month: notices, recommendations, terminations. */
  eventsPerAgent: 12,
  /**
   * A job run with nothing to do: Data API calls, including its lease, and time. The mean over the jobs that run every
   * minute, from `npm run bench -- --jobs 1000,4000` on one machine. So are the next two.
   */
  callsOfAJob: 5.4,
  jobMs: 100,
  /** One decision, of which there is one per price report; the job decides for many agents at once. */
  callsPerDecision: 0.075,
  decisionMs: 4,
  /** Requests per month by a queue's five pollers, each of which waits 20 s for a message. */
  pollsOfAQueue: (5 * secondsAMonth) / 20,
};

export type Assumptions = typeof assumptions;
