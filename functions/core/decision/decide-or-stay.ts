import { logger } from '../../shared/logger.ts';
import type { AgentInput } from './inputs.ts';
import { type Decision, decide, safeDefault } from './policy.ts';

/** Decides on an agent. One whose decision fails stays as it is, and holds up nobody else. */
export function decideOrStay({ agent, input }: Pick<AgentInput, 'agent' | 'input'>, now: Date): Decision {
  try {
    return decide(input, now);
  } catch (error) {
    logger.error('decision failed', { agentId: agent.id, error: error as Error });
    return safeDefault(input, 'the policy failed');
  }
}
