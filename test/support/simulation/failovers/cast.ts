import type { JobName } from '../../../../functions/jobs.ts';
import type { Agents } from './agents.ts';
import type { SimulatedEc2 } from './ec2.ts';
import type { Ec2Events } from './ec2-events.ts';
import type { Launches } from './launches.ts';
import type { Merged } from './merged.ts';
import type { Notices } from './notices.ts';
import type { Switches } from './switches.ts';
import type { FailoverWorld } from './world.ts';

/** Everything that takes part in a world. */
export interface Cast {
  readonly world: FailoverWorld;
  readonly ec2: SimulatedEc2;
  readonly events: Ec2Events;
  readonly agents: Agents;
  readonly launches: Launches;
  readonly merged: Merged;
  readonly notices: Notices;
  readonly switches: Switches;
  /** Runs threads concurrently, or one after the other if others already run beside this one. */
  readonly together: (...threads: (() => Promise<unknown>)[]) => Promise<void>;
  readonly run: (job: JobName) => Promise<void>;
  readonly check: () => Promise<void>;
  readonly pass: (seconds: number) => Promise<void>;
}
