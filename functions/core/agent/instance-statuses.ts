import type { InstanceStatus } from '../../shared/schema.ts';

/** Statuses by the consoles' filter: a standby's instance is active, a replaced one terminated (protocol C9, D9). */
export const statusesOf = {
  active: ['running_primary', 'running_replica'],
  terminated: ['zombie', 'terminated'],
} as const satisfies Record<string, readonly InstanceStatus[]>;
