import { agentNotFound } from '../../shared/errors.ts';

/**
 * Who is calling. Several instances run an agent process under one logical id, so register gives each of them a handle,
 * `<agent uuid>~<instance id>`, which agents use like any id (protocol 1.9).
 */
export interface Handle {
  readonly agentId: string;
  /** `undefined` for a bare uuid: an old agent or a console, which speaks for the agent as a whole. */
  readonly instanceId: string | undefined;
}

/** The tenant, as the authorizer found it, and the unparsed `agent_id` of the path. */
export interface OfAgent {
  readonly clientId: string;
  readonly ref: string;
}

/**
 * The calling instance's role in its agent. Only the primary gets commands and settings that make it act. A standby and
 * a retired instance (zombie, terminated or unknown) are told to do nothing.
 */
export type Standing = 'primary' | 'replica' | 'retired';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const handleOf = (agentId: string, instanceId: string) => `${agentId}~${instanceId}`;

/** @throws AppError agent_not_found if it is no agent's id, such as the `None` of an agent that failed to register */
export function parseHandle(ref: string): Handle {
  const [agentId = '', ...rest] = ref.split('~');
  const instanceId = rest.length > 0 ? rest.join('~') : undefined;
  if (!uuid.test(agentId) || instanceId === '' || (instanceId && /[\0]|.{65}/.test(instanceId)))
    throw agentNotFound(ref);
  return { agentId, instanceId };
}

/** @param caller the calling instance's row, if the instance belongs to this agent */
export function standingOf(
  caller: { readonly instanceStatus: string; readonly isPrimary: boolean } | undefined,
  handle: Handle,
): Standing {
  // A bare uuid speaks for the agent, even while it has no primary. So does the last primary of a deleted agent.
  const isPrimary = caller?.isPrimary || caller?.instanceStatus === 'running_primary';
  if (isPrimary || handle.instanceId === undefined) return 'primary';
  return caller?.instanceStatus === 'running_replica' ? 'replica' : 'retired';
}

/** Version 3 agents do not know standbys and handles (protocol 6.6). */
export const isVersion3 = (agentVersion: string | null) => agentVersion?.startsWith('3.') ?? false;
