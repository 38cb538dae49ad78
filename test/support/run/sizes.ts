import { inject } from 'vitest';
import { tier } from './tier.ts';

/**
 * How much the random and the repetitive tests do: a little in `npm test`, more in CI (SIZES=ci), and much in `npm run
 * soak` (SIZES=soak). Each can also be set on its own, as in SCHEMA_CASES=2000.
 */
const size = (name: string, ...[usual, ci, soak]: [usual: number, ci: number, soak: number]) =>
  Number(process.env[name] ?? { usual, ci, soak }[tier]);

export const sizes = {
  /** Worlds of agents whose calls interleave; each of the two parts plays this many. */
  interleavings: size('INTERLEAVINGS', 25, 75, 1000),
  simulationSteps: size('SIMULATION_STEPS', 300, 700, 10_000),
  /** Requests per route. */
  schemaCases: size('SCHEMA_CASES', 4, 10, 500),
  /** Concurrent interruption notices. */
  notices: size('NOTICES', 50, 1000, 1000),
  /** Worlds in which each job is repeated, overlaps and is killed. */
  jobWorlds: size('JOB_WORLDS', 1, 1, 1),
  /** Each job is killed at every n-th of its calls, one run for each; 0 kills it at one random call. */
  jobKillsEach: size('JOB_KILLS_EACH', 0, 10, 1),
  /** Decisions that are stored and replayed. */
  replays: size('REPLAYS', 500, 10_000, 10_000),
  /** Events of a long-standing tenant, which has a tenth as many switches. */
  events: size('EVENTS', 100_000, 1_000_000, 1_000_000),
  /** Agents that all come back in the same second. */
  herd: size('HERD', 20, 40, 200),
  /** Agents that a job has work for while one of them is locked. */
  heldAgents: size('HELD_AGENTS', 200, 200, 1000),
  /** Agents that one run decides on: more than a statement can take. */
  dueAgents: size('DUE_AGENTS', 2500, 2500, 5000),
} as const;

/** Whether all of many similar cases are tried. */
export const triesAll = tier !== 'usual';

/**
 * Whether to try one of many similar cases (points at which something is killed, wrong values of a field, errors of a
 * call). In CI and in a soak all are tried; otherwise one in `each`, from an offset that differs by thing and by run.
 * If the things are chosen in this way too, the two `each` must be coprime: otherwise some cases would never be tried.
 */
export const isTried = (index: number, thing: number, each = 14) =>
  triesAll || (index + thing + inject('runSeed')) % each === 0;

/** Whether every error is tried on every route, or one of each class. */
export const triesEveryFault = tier === 'soak' || process.env.FAULTS === 'every';

/** Whether all groups of recorded markets are played, or only those that take little time. */
export const playsAllMarkets = tier !== 'usual' || process.env.EVALUATION === 'all';
