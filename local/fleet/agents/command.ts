import type { Mode } from '../ec2/instance.ts';

/** A command as the control plane sends it. Agents check little of it before they act. */
export interface Command {
  readonly id: string;
  readonly command_type?: string | null;
  readonly target_mode?: Mode | null;
  readonly target_pool_id?: string | null;
  readonly terminate_wait_seconds?: number | null;
  readonly priority?: number | null;
}

/** The commands in a response: agents accept a bare list, or an object with the list under one of three names. */
export function commandsIn(answer: unknown): Command[] {
  if (Array.isArray(answer)) return answer;
  const { commands, pending_commands, data } = (answer ?? {}) as Record<string, unknown>;
  const list = commands ?? pending_commands ?? data;
  return Array.isArray(list) ? list : [];
}

/** The zone of a pool: what follows the last dot of its id. */
export const zoneOf = (pool: string): string => pool.slice(pool.lastIndexOf('.') + 1);

/** The trigger in a switch report. Agents infer it from the priority, because a command does not say who made it. */
export const triggerOf = (priority: number): 'manual' | 'model' => (priority >= 50 ? 'manual' : 'model');
