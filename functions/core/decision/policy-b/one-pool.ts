import { mostHazard, type PolicyBConfig, phaseOf, tick } from './config.ts';
import { multiple } from './pool-life.ts';
import type { PoolRecord } from './pool-record.ts';
import { type Deadline, safetyNet } from './safety-net.ts';
import { type Mode, modes, stateOf } from './value-table.ts';
import type { ValueTables, Weighted } from './value-tables.ts';

/** A job that may run in one Spot pool, run on-demand, or wait. */
export interface JobInPool extends Deadline {
  /** Where it is; never Spot when the pool is down. */
  readonly mode: Mode;
  /** What is left of the last launch's overhead, in seconds. */
  readonly overheadLeft: number;
  /** The Spot price divided by the on-demand price. */
  readonly spotShare: number;
  readonly pool: PoolRecord;
}

/** What a job does until the next decision. @param tables for its kind of job */
export function chooseMode(job: JobInPool, tables: ValueTables, config: PolicyBConfig): Mode {
  const bound = safetyNet(job, job.mode === modes.spot ? job : null);
  if (bound !== 'free') return bound === 'keep' ? modes.spot : modes.onDemand;
  const outlook = outlookOf(job.pool, tables, config);
  const costs = choices(job).map((mode) => ({ mode, cost: costOf(job, mode, outlook) }));
  return costs.reduce((best, choice) => (choice.cost < best.cost ? choice : best)).mode;
}

const choices = ({ pool }: JobInPool): Mode[] =>
  pool.isUp ? [modes.idle, modes.spot, modes.onDemand] : [modes.idle, modes.onDemand];

/** What may become of the pool within a tick. */
interface Outlook {
  readonly isUp: boolean;
  readonly phase: number;
  /** The chances that its spell ends, and that it enters its next phase. */
  readonly ends: number;
  readonly ages: number;
  readonly tables: readonly Weighted[];
}

function outlookOf(pool: PoolRecord, tables: ValueTables, config: PolicyBConfig): Outlook {
  const { priorEnds } = config;
  const [up, down] = [multiple(pool.up, priorEnds, 1), multiple(pool.down, priorEnds, 1)];
  const phase = phaseOf(pool.age);
  const ends = pool.isUp ? config.hazards.up[phase]! * up : config.hazards.down[phase]! * down;
  return {
    isUp: pool.isUp,
    phase,
    ends: Math.min(mostHazard, ends),
    ages: config.ageing[phase]!,
    tables: tables.around(up, down),
  };
}

/** The cost of a tick in a mode, plus the expected cost after it, in on-demand ticks. */
function costOf(job: JobInPool, mode: Mode, { isUp, phase, ends, ages, tables }: Outlook): number {
  const { workLeft, overhead, overheadLeft, timeLeft, spotShare } = job;
  const launch = mode === job.mode ? overheadLeft : overhead;
  const work = mode === modes.idle ? workLeft / tick : (workLeft + launch) / tick - 1;
  const time = timeLeft / tick - 1;
  const [stays, older, ended] = [
    stateOf(mode, isUp, phase),
    stateOf(mode, isUp, Math.min(phase + 1, 3)),
    stateOf(mode === modes.spot ? modes.idle : mode, !isUp, 0),
  ];
  const price = [0, spotShare, 1][mode]!;
  return tables.reduce((sum, [weight, table]) => {
    const value = (state: number) => table.at(time, work, state);
    return sum + weight * ((1 - ends) * ((1 - ages) * value(stays) + ages * value(older)) + ends * value(ended));
  }, price);
}
