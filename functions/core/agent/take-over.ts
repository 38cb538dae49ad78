import { type Db, transact } from '../../shared/db.ts';
import { record } from '../event/events.ts';
import { readHearing } from './hearing.ts';
import { heardUntil, isBeating, isSilent } from './liveness.ts';
import { lockAgent } from './lock.ts';
import { changePrimary } from './primary.ts';

interface OfInstance {
  readonly clientId: string;
  readonly agentId: string;
  readonly instanceId: string;
  /** The primary, if EC2 says that its status checks fail: then a shorter silence is enough. */
  readonly failing?: string;
}

/** Makes a live instance beside the primary the new primary if the old one has fallen silent (protocol A2). */
export function takeOver(db: Db, { clientId, agentId, instanceId, failing }: OfInstance, now: Date): Promise<void> {
  return transact(db, async (tx) => {
    const wanted = { instance: instanceId, inFlight: true } as const;
    const { agent, primary, instance, inFlight } = await lockAgent(
      tx,
      { clientId, agentId, deleted: true, with: wanted },
      now,
    );
    const waits = instance?.agentId === agentId && instance.instanceStatus === 'running_replica';
    if (!waits || agent.status === 'deleted') return;
    const [lastSeen, hearing] = [heardUntil(agent, primary?.lastSeenAt ?? null), await readHearing(tx)];
    const isFailing = failing !== undefined && failing === primary?.id;
    if (!(isFailing ? !isBeating(lastSeen, hearing, now) : isSilent(lastSeen, hearing, now))) return;
    await changePrimary(
      tx,
      {
        agent,
        cause: 'takeover',
        next: { ...instance, instanceId, mode: instance.currentMode },
        former: primary ? [{ instanceId: primary.id, becomes: 'zombie' }] : [],
        staysSwitching: inFlight?.status === 'dispatched',
      },
      now,
    );
    await record(
      tx,
      {
        clientId,
        agentId,
        instanceId,
        type: 'agent_taken_over',
        severity: 'warning',
        message: `${primary?.id ?? 'The primary'} of agent ${agent.logicalAgentId} fell silent${isFailing ? " and fails EC2's status checks" : ''}; ${instanceId} took over`,
        notify: true,
      },
      now,
    );
  });
}
