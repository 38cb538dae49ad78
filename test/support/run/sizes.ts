import { inject } from 'vitest';
import { tier } from './tier.ts';

/**
 * How much the random and the repetitive tests do: a little in `npm test`, more in CI (SIZES=ci), and much in `npm run soak`
 * (SIZES=soak). Each can also be set by itself, as in SCHEMA_CASES=2000.
 */
const size = (name: string, ...[usual, ci, soak]: [usual: number, ci: number, soak: number]) =>
  Number(process.env[name] ?? { usual, ci, soak }[tier]);

export const sizes = {
  /** Worlds of agents whose calls interleave; each of the two parts has as many. */
  interleavings: size('INTERLEAVINGS', 25, 150, 1000),
  simulationSteps: size('SIMULATION_STEPS', 300, 1000, 10_000),
  /** Requests to a route. */
  schemaCases: size('SCHEMA_CASES', 4, 25, 500),
  /** Interruption notices that come at once. */
  notices: size('NOTICES', 50, 1000, 1000),
  /** Worlds in which each job is repeated, overlaps and is killed. */
  jobWorlds: size('JOB_WORLDS', 1, 1, 1),
  /** Calls from one at which a job is killed to the next, in their turn; 0 for one of them by chance. */
  jobKillsEach: size('JOB_KILLS_EACH', 0, 10, 1),
  /** Decisions that are stored and replayed. */
  replays: size('REPLAYS', 500, 10_000, 10_000),
  /** Events of a tenant that has been with us for long; of its switches there are a tenth. */
  events: size('EVENTS', 100_000, 1_000_000, 1_000_000),
  /** Agents that all come back in the same second. */
  herd: size('HERD', 20, 40, 200),
  /** Agents that a job has work with, where one of them is held. */
  heldAgents: size('HELD_AGENTS', 200, 200, 1000),
  /** Agents that are decided on in one run: more than a statement can take. */
  dueAgents: size('DUE_AGENTS', 2500, 2500, 5000),
} as const;

/** Whether all of the cases are tried that are alike. */
export const triesAll = tier !== 'usual';

/**
 * Of many cases that are alike (points at which something is killed, wrong values of a field, errors of a call): one in `each`, counted
 * from one that differs from thing to thing and from run to run; in CI and in a soak all. Where things are chosen so themselves, the
 * two `each` have no common divisor: otherwise some cases would never be tried.
 */
export const isTried = (index: number, thing: number, each = 14) =>
  triesAll || (index + thing + inject('runSeed')) % each === 0;

/** Every error on every route; otherwise one of each class. */
export const triesEveryFault = tier === 'soak' || process.env.FAULTS === 'every';

/** All groups of recorded markets; otherwise those that take little time. */
export const playsAllMarkets = tier !== 'usual' || process.env.EVALUATION === 'all';
