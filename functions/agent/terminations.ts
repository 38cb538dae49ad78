import { type OfAgent, parseHandle } from '../core/agent/identity.ts';
import { terminationPolicy } from '../core/termination/policy.ts';
import { readLeaving, reportTermination } from '../core/termination/terminations.ts';
import type { Db } from '../shared/db.ts';
import { agentNotFound } from '../shared/errors.ts';
import { heldTo } from '../shared/fields.ts';

/**
 * The instances of its own agent that the caller should terminate (protocol X3). One statement, two while the primary
 * is silent. The list is empty if auto-terminate is off.
 * @throws AppError agent_not_found
 */
export async function instancesToTerminate(db: Db, { clientId, ref }: OfAgent, now: Date) {
  const { agentId, instanceId } = parseHandle(ref);
  const leaving = await readLeaving(db, { clientId, agentId }, now);
  if (!leaving) throw agentNotFound(ref);
  const { isAutoTerminate, waitSeconds, primaryId } = leaving.agent;
  const due = terminationPolicy(leaving, instanceId ?? primaryId, now);
  return {
    instances: due.map(({ instance, reason, secondsWaiting }) => ({
      instance_id: instance.id,
      instance_type: instance.instanceType,
      az: instance.az,
      reason,
      seconds_waiting: secondsWaiting,
    })),
    auto_terminate_enabled: isAutoTerminate,
    terminate_wait_seconds: waitSeconds,
  };
}

interface TerminationReport extends OfAgent {
  readonly body: {
    readonly instance_id: string;
    readonly success: boolean;
    readonly error?: string | undefined;
    readonly terminated_at?: Date | undefined;
  };
}

/**
 * Records the outcome of a termination, as the agent reports it (protocol X4).
 * @throws AppError agent_not_found; instance_not_found for an instance that is not this agent's
 */
export function takeTerminationReport(db: Db, { clientId, ref, body }: TerminationReport, now: Date): Promise<void> {
  const outcome = body.success ? { goneAt: heldTo(body.terminated_at, now) } : { error: body.error };
  return reportTermination(db, { clientId, ref, instanceId: body.instance_id, outcome }, now);
}
