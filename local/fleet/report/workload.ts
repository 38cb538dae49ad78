import type { Instance } from '../ec2/instance.ts';
import type { PrimaryChange } from '../run/primary-observer.ts';

/** One agent's instances, as the report needs them. */
export interface Workload {
  readonly agent: string;
  /** In order of time. An instance may appear twice. */
  readonly primaryChanges: readonly PrimaryChange[];
  readonly instances: ReadonlyMap<string, Instance>;
}
