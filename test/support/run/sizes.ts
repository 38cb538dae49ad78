import { inject } from 'vitest';

/**
 * How much the random and the repetitive tests do: a little in `npm test`, and all of it in a soak (SOAK=true), which CI is
 * too. Each can also be set by itself, as in SCHEMA_CASES=2000.
 */
const isSoak = process.env.SOAK === 'true';
const size = (name: string, usual: number, soak: number) => Number(process.env[name] ?? (isSoak ? soak : usual));

export const sizes = {
  /** Worlds of agents whose calls interleave; each of the two parts has as many. */
  interleavings: size('INTERLEAVINGS', 50, 500),
  simulationSteps: size('SIMULATION_STEPS', 300, 5000),
  /** Requests to a route. */
  schemaCases: size('SCHEMA_CASES', 8, 100),
  /** Interruption notices that come at once. */
  notices: size('NOTICES', 100, 1000),
  /** Worlds in which each job is repeated, overlaps and is killed. */
  jobWorlds: size('JOB_WORLDS', 1, 1),
  /** Decisions that are stored and replayed. */
  replays: size('REPLAYS', 500, 10_000),
  /** Events of a tenant that has been with us for long; of its switches there are a tenth. */
  events: size('EVENTS', 100_000, 1_000_000),
  /** Agents that a job has work with, where one of them is held. */
  heldAgents: size('HELD_AGENTS', 200, 1000),
  /** Agents that are decided on in one run: more than a statement can take. */
  dueAgents: size('DUE_AGENTS', 2500, 5000),
} as const;

/**
 * Of many cases that are alike (points at which something is killed, wrong values of a field, errors of a call): all in a soak,
 * otherwise one in `each`, counted from one that differs from thing to thing and from run to run.
 */
export const isTried = (index: number, thing: number, each = 7) =>
  isSoak || (index + thing + inject('runSeed')) % each === 0;

/** Whether a whole table of cases is tried, so that it can be printed. */
export const triesAll = isSoak;

/** Every error on every route; otherwise one of each class. */
export const triesEveryFault = isSoak || process.env.FAULTS === 'every';

/** All groups of recorded markets; otherwise those that take little time. */
export const playsAllMarkets = isSoak || process.env.EVALUATION === 'all';

/** A job is killed at each of its calls in turn; otherwise at one of them. */
export const killsJobsEverywhere = isSoak || process.env.JOB_KILLS === 'every';
