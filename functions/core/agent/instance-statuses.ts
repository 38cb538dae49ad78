import type { InstanceStatus } from '../../shared/schema.ts';

/** What consoles ask for: an instance that stands by is active, one that was replaced counts as terminated (protocol C9, D9). */
export const statusesOf = {
  active: ['running_primary', 'running_replica'],
  terminated: ['zombie', 'terminated'],
} as const satisfies Record<string, readonly InstanceStatus[]>;
