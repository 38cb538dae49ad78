import { parseHandle } from '../core/agent/identity.ts';
import type { Signal } from '../core/failover/signal.ts';
import { heldTo } from '../shared/fields.ts';

interface Claim {
  readonly type: Signal['type'];
  readonly instanceId: string | undefined;
  readonly terminationTime: Date | undefined;
  readonly detectedAt?: Date | undefined;
}

interface Input {
  readonly caller: { readonly clientId: string };
  readonly params: { readonly agent_id: string };
}

/** A signal that an instance reports, about the instance of its handle or, without one, the instance that it names. */
export function signalOf({ caller, params }: Input, claim: Claim, now: Date): Signal {
  const { agentId, instanceId } = parseHandle(params.agent_id);
  return {
    clientId: caller.clientId,
    agentId,
    instanceId: instanceId ?? claim.instanceId ?? '',
    type: claim.type,
    terminationTime: claim.terminationTime,
    detectedAt: heldTo(claim.detectedAt, now),
    announcedAt: now,
  };
}
