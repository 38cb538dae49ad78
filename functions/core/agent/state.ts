import { sql } from 'kysely';
import type { Tx } from '../../shared/db.ts';
import { agentNotFound } from '../../shared/errors.ts';
import type { Agent, Command, Instance } from '../../shared/schema.ts';
import { activeReplicas } from './identity.ts';

/** Everything that a change of primary decides on, as it stands while the agent's row is locked. */
export interface AgentState {
  readonly agent: Agent;
  readonly primary: Pick<Instance, 'id' | 'lastSeenAt'> | undefined;
  /** The machine that the call is about, whoever's it is: an EC2 id is nobody's choice. */
  readonly machine: Pick<Instance, 'id' | 'clientId' | 'agentId' | 'instanceStatus' | 'isPrimary'> | undefined;
  /** The switch that the agent's machines are carrying out now, or have just carried out without a successor's name. */
  readonly inFlight:
    | Pick<Command, 'id' | 'status' | 'targetMode' | 'targetPoolId' | 'dispatchedTo' | 'newInstanceId' | 'createdBy'>
    | undefined;
  /** How many standbys the agent has. */
  readonly replicas: number;
  /** Of the switch that was asked about: whether it has been reported, and whether a later one of the agent has. */
  readonly reported: boolean;
  readonly overtaken: boolean;
}

/** A switch as its reporter names it. */
export interface SwitchKey {
  readonly oldId: string;
  readonly newId: string;
  readonly initiatedAt: Date;
}

interface Looking {
  readonly machineId?: string | undefined;
  readonly switched?: SwitchKey | undefined;
  readonly now: Date;
}

/** Either of an agent's two keys. */
export type AgentKey =
  | { readonly clientId: string; readonly id: string }
  | { readonly clientId: string; readonly logicalAgentId: string };

/** A switch whose agent said "done" may have its successor register only minutes later: machines boot slowly. */
const successorComesWithinMs = 15 * 60_000;

/** Of a statement's `commands AS x`: a switch that an agent carries out, or whose successor is still on its way. */
export const isInFlight = (now: Date) => sql<boolean>`(x.command_type = 'switch' AND (x.status = 'dispatched'
  OR (x.status = 'completed' AND x.new_instance_id IS NULL
    AND x.completed_at > ${new Date(now.getTime() - successorComesWithinMs)})))`;

/**
 * Locks an agent, then reads what belongs to it: two statements. The reading takes no locks, and sees what was committed
 * before the lock was granted, as InnoDB takes a transaction's snapshot at its first plain read. (A locking read of rows
 * that may be missing would lock gaps, and agents that start together would deadlock.)
 * @throws AppError agent_not_found
 */
export async function lockAndLook(
  tx: Tx,
  { clientId, agentId, ...looking }: Looking & { clientId: string; agentId: string },
): Promise<AgentState> {
  const locked = await tx
    .selectFrom('agents')
    .select('id')
    .where('id', '=', agentId)
    .where('clientId', '=', clientId)
    .forUpdate()
    .executeTakeFirst();
  if (!locked) throw agentNotFound(agentId);
  return (await look(tx, { of: { clientId, id: agentId }, ...looking }))!;
}

/** The reading half of `lockAndLook`, for a transaction that locked the agent by another statement. */
export async function look(
  tx: Tx,
  { of, machineId, switched, now }: Looking & { of: AgentKey },
): Promise<AgentState | undefined> {
  const row = await tx
    .selectFrom('agents as a')
    .leftJoin('instances as p', 'p.primaryOf', 'a.id')
    .leftJoin('instances as m', (join) => join.on('m.id', '=', machineId ?? null))
    .leftJoin('commands as c', (join) =>
      join.onRef('c.agentId', '=', 'a.id').on(
        'c.id',
        '=',
        sql<string>`(
          SELECT x.id FROM commands AS x WHERE x.agent_id = a.id AND ${isInFlight(now)}
          ORDER BY x.dispatched_at DESC LIMIT 1)`,
      ),
    )
    .selectAll('a')
    .select(['p.id as pId', 'p.lastSeenAt as pLastSeenAt'])
    .select(['m.id as mId', 'm.clientId as mClientId', 'm.agentId as mAgentId'])
    .select(['m.instanceStatus as mStatus', 'm.isPrimary as mIsPrimary'])
    .select(['c.id as cId', 'c.status as cStatus', 'c.targetMode as cTargetMode', 'c.targetPoolId as cTargetPoolId'])
    .select(['c.dispatchedTo as cDispatchedTo', 'c.newInstanceId as cNewInstanceId', 'c.createdBy as cCreatedBy'])
    .select(activeReplicas.as('replicas'))
    .select([reportedOf(switched).as('reported'), overtakenOf(switched).as('overtaken')])
    .where('a.clientId', '=', of.clientId)
    .$call((query) =>
      'id' in of ? query.where('a.id', '=', of.id) : query.where('a.logicalAgentId', '=', of.logicalAgentId),
    )
    .executeTakeFirst();
  if (!row) return undefined;
  const { pId, pLastSeenAt, mId, mClientId, mAgentId, mStatus, mIsPrimary, ...rest } = row;
  const { cId, cStatus, cTargetMode, cTargetPoolId, cDispatchedTo, cNewInstanceId, cCreatedBy, ...others } = rest;
  const { reported, overtaken, replicas, ...agent } = others;
  return {
    agent,
    replicas,
    reported: reported > 0,
    overtaken: overtaken > 0,
    primary: pId === null ? undefined : { id: pId, lastSeenAt: pLastSeenAt },
    machine:
      mId === null
        ? undefined
        : { id: mId, clientId: mClientId!, agentId: mAgentId!, instanceStatus: mStatus!, isPrimary: mIsPrimary! },
    inFlight:
      cId === null
        ? undefined
        : {
            id: cId,
            status: cStatus!,
            targetMode: cTargetMode!,
            targetPoolId: cTargetPoolId,
            dispatchedTo: cDispatchedTo,
            newInstanceId: cNewInstanceId,
            createdBy: cCreatedBy!,
          },
  };
}

/** 1 if the agent's own report of the switch is recorded; one that was inferred is not the agent's word. */
const reportedOf = (switched: SwitchKey | undefined) =>
  switched
    ? sql<number>`EXISTS (SELECT 1 FROM switches AS s WHERE s.agent_id = a.id AND s.old_instance_id = ${switched.oldId}
        AND s.new_instance_id = ${switched.newId} AND NOT s.inferred)`
    : sql<number>`0`;

/** 1 if another switch of the agent began later. */
const overtakenOf = (switched: SwitchKey | undefined) =>
  switched
    ? sql<number>`EXISTS (SELECT 1 FROM switches AS s WHERE s.agent_id = a.id AND s.initiated_at > ${switched.initiatedAt}
        AND NOT (s.old_instance_id = ${switched.oldId} AND s.new_instance_id = ${switched.newId}))`
    : sql<number>`0`;
