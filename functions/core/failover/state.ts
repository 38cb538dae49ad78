import { sql } from 'kysely';
import { DatabaseError } from '../../shared/data-api/errors.ts';
import type { Db, Tx } from '../../shared/db.ts';
import { agentNotFound } from '../../shared/errors.ts';
import type { Agent, Command, Instance, Mode, Replica } from '../../shared/schema.ts';
import { isInFlight } from '../agent/state.ts';

/** An agent with its machines, as the rules for standbys see them while its row is locked. */
export interface StandbyState {
  readonly agent: Pick<Agent, KnownOfAgent>;
  readonly primary: Primary | undefined;
  readonly openSwitch: Pick<Command, 'id' | 'status' | 'createdBy'> | undefined;
  /** The active ones, newest first. */
  readonly standbys: readonly Replica[];
  /** The one that was asked about, active or not. */
  readonly named: Replica | undefined;
  /** The row of the machine that was asked about, whoever's it is: an EC2 id is nobody's choice. */
  readonly machine: KnownMachine | undefined;
  /** The newest termination notice of the machine that was asked about, or else of the primary. */
  readonly notice: Notice | undefined;
}

type KnownOfAgent =
  | 'id'
  | 'clientId'
  | 'logicalAgentId'
  | 'epoch'
  | 'status'
  | 'instanceId'
  | 'instanceType'
  | 'region'
  | 'agentVersion'
  | 'autoSwitchEnabled'
  | 'manualReplicaEnabled'
  | 'autoTerminateEnabled'
  | 'terminateWaitSeconds'
  | 'pendingTerminationAt'
  | 'pendingTerminationInstance';

export interface KnownMachine
  extends Pick<
    Instance,
    | 'id'
    | 'clientId'
    | 'agentId'
    | 'instanceStatus'
    | 'isPrimary'
    | 'instanceType'
    | 'region'
    | 'az'
    | 'currentMode'
    | 'currentPoolId'
    | 'zombieAt'
  > {
  /** The standby that the machine is or was. */
  readonly replicaId: string | null;
}

/** The machine that carries the agent. Prices are USD per hour. */
export interface Primary {
  readonly id: string;
  readonly instanceType: string | null;
  readonly region: string | null;
  readonly az: string | null;
  readonly mode: Mode;
  readonly poolId: string | null;
  readonly spotPrice: number | undefined;
  readonly onDemandPrice: number | undefined;
  /** When it was last heard of; its promotion counts as that. */
  readonly lastSeenAt: Date | null;
}

export interface Notice {
  readonly id: string;
  readonly detectedAt: Date;
  /** When we first heard of it, by our own clock. */
  readonly announcedAt: Date;
  readonly terminationTime: Date;
  /** What was done about it first. */
  readonly action: string | null;
  readonly replicaId: string | null;
  readonly failoverCompleted: boolean;
  readonly failoverTimeMs: number | null;
}

export interface Asked {
  /** `undefined` for the admin. */
  readonly clientId: string | undefined;
  readonly agentId: string;
  readonly replicaId?: string | undefined;
  /** Whose notice is wanted. */
  readonly noticedInstanceId?: string | undefined;
  /** A machine that the call names. */
  readonly machineId?: string | undefined;
}

/**
 * Locks an agent and reads its machines: two statements. All that changes an agent's standbys takes this lock first, so
 * what is read stays true until the transaction ends (see `lockAndLook` for why the reading itself locks nothing).
 * @param options `wait: false` for a job, which has others to see to: see `changeFreeAgents`
 * @throws AppError agent_not_found, for a deleted agent too
 */
export async function lockAgent(tx: Tx, asked: Asked, { wait = true } = {}): Promise<StandbyState> {
  const rows = await tx
    .selectFrom('agents')
    .select('id')
    .where('id', '=', asked.agentId)
    .$if(asked.clientId !== undefined, (query) => query.where('clientId', '=', asked.clientId!))
    .forUpdate()
    .$if(!wait, (query) => query.skipLocked())
    .execute();
  if (!wait && rows.length === 0) throw new DatabaseError('conflict', `somebody else holds agent ${asked.agentId}`);
  return readMachines(tx, asked);
}

/**
 * The same without the lock: one statement. What is then written must say what it was decided on, as `promote` does with
 * the agent's epoch and the standby's status, and be decided anew when that is no longer so.
 * @throws AppError agent_not_found
 */
export async function readMachines(db: Db, asked: Asked): Promise<StandbyState> {
  const { clientId, agentId } = asked;
  const rows = await selectMachines(db, asked)
    .where('a.id', '=', agentId)
    .where('a.status', '<>', 'deleted')
    .$if(clientId !== undefined, (query) => query.where('a.clientId', '=', clientId!))
    .execute();
  const state = stateFrom(rows, asked.replicaId);
  if (!state) throw agentNotFound(agentId);
  return state;
}

/** The agent of a machine that EC2 names, as `readMachines` has it, and what an event of EC2's is held against. */
export interface NamedByEc2 {
  readonly state: StandbyState;
  readonly machine: KnownMachine;
  /** Of the tenant; an event has to come from there. */
  readonly awsAccountId: string | null;
  /** Whether the agent's successor is on its way: this machine is left on purpose. */
  readonly isSwitching: boolean;
}

/** Whose machine it is, and all about its agent, a deleted one too: one statement. `undefined` for nobody's. */
export async function readMachinesOf(db: Db, machineId: string, now: Date): Promise<NamedByEc2 | undefined> {
  const rows = await selectMachines(db, { machineId, noticedInstanceId: machineId })
    .innerJoin('clients as t', 't.id', 'a.clientId')
    .select('t.awsAccountId as tAccount')
    .select(
      sql<number>`EXISTS (SELECT 1 FROM commands AS x WHERE x.agent_id = a.id AND ${isInFlight(now)})`.as(
        'isSwitching',
      ),
    )
    .whereRef('a.id', '=', 'm.agentId')
    .whereRef('a.clientId', '=', 'm.clientId')
    .execute();
  const state = stateFrom(rows);
  if (!state?.machine) return undefined;
  const { tAccount, isSwitching } = rows[0]!;
  return { state, machine: state.machine, awsAccountId: tAccount, isSwitching: isSwitching > 0 };
}

const selectMachines = (
  db: Db,
  { replicaId, noticedInstanceId, machineId }: Pick<Asked, 'replicaId' | 'noticedInstanceId' | 'machineId'>,
) =>
  db
    .selectFrom('agents as a')
    .leftJoin('instances as p', 'p.primaryOf', 'a.id')
    .leftJoin('instances as m', (join) => join.on('m.id', '=', machineId ?? ''))
    .leftJoin('replicaInstances as mr', 'mr.instanceId', 'm.id')
    .leftJoin('commands as c', 'c.openSwitchOf', 'a.id')
    .leftJoin('replicaInstances as s', (join) =>
      join
        .onRef('s.agentId', '=', 'a.id')
        .on((eb) => eb.or([eb('s.status', 'in', ['launching', 'syncing', 'ready']), eb('s.id', '=', replicaId ?? '')])),
    )
    .leftJoin('spotInterruptionEvents as e', (join) =>
      join.on(
        'e.id',
        '=',
        sql<string>`(
          SELECT x.id FROM spot_interruption_events AS x
          WHERE x.instance_id = COALESCE(${noticedInstanceId ?? null}, a.instance_id) AND x.agent_id = a.id
            AND x.signal_type = 'termination-notice'
          ORDER BY x.created_at DESC LIMIT 1)`,
      ),
    )
    .selectAll('s')
    .select(['a.id as aId', 'a.clientId as aClientId', 'a.logicalAgentId as aLogicalId', 'a.epoch as aEpoch'])
    .select(['a.status as aStatus', 'a.instanceType as aType', 'a.region as aRegion', 'a.instanceId as aInstanceId'])
    .select('a.agentVersion as aVersion')
    .select(['a.autoSwitchEnabled as aAuto', 'a.manualReplicaEnabled as aManual'])
    .select(['a.autoTerminateEnabled as aAutoTerminate', 'a.terminateWaitSeconds as aWait'])
    .select(['a.pendingTerminationAt as aPendingAt', 'a.pendingTerminationInstance as aPending'])
    .select(['p.id as pId', 'p.instanceType as pType', 'p.region as pRegion', 'p.az as pAz', 'p.currentMode as pMode'])
    .select([
      'p.currentPoolId as pPool',
      'p.spotPrice as pSpot',
      'p.ondemandPrice as pOnDemand',
      'p.lastSeenAt as pSeenAt',
    ])
    .select(['m.id as mId', 'm.clientId as mClientId', 'm.agentId as mAgentId'])
    .select([
      'm.instanceStatus as mStatus',
      'm.isPrimary as mIsPrimary',
      'mr.id as mReplicaId',
      'm.zombieAt as mZombieAt',
    ])
    .select(['m.instanceType as mType', 'm.region as mRegion', 'm.az as mAz', 'm.currentMode as mMode'])
    .select('m.currentPoolId as mPool')
    .select(['c.id as cId', 'c.status as cStatus', 'c.createdBy as cCreatedBy'])
    .select(['e.id as eId', 'e.detectedAt as eDetectedAt', 'e.terminationTime as eTerminationTime'])
    .select(['e.createdAt as eCreatedAt', 'e.responseAction as eAction'])
    .select(['e.replicaId as eReplicaId', 'e.failoverCompleted as eCompleted', 'e.failoverTimeMs as eMs']);

type Row = Awaited<ReturnType<ReturnType<typeof selectMachines>['execute']>>[number];

/** A row for each standby; all else is the same in each of them. */
function stateFrom(rows: readonly Row[], replicaId?: string): StandbyState | undefined {
  const [first] = rows;
  if (!first) return undefined;
  const replicas = rows.filter((row) => row.id !== null) as unknown as Replica[];
  return {
    agent: {
      id: first.aId,
      clientId: first.aClientId,
      logicalAgentId: first.aLogicalId,
      epoch: first.aEpoch,
      status: first.aStatus,
      instanceId: first.aInstanceId,
      instanceType: first.aType,
      region: first.aRegion,
      agentVersion: first.aVersion,
      autoSwitchEnabled: first.aAuto,
      manualReplicaEnabled: first.aManual,
      autoTerminateEnabled: first.aAutoTerminate,
      terminateWaitSeconds: first.aWait,
      pendingTerminationAt: first.aPendingAt,
      pendingTerminationInstance: first.aPending,
    },
    primary: first.pId === null ? undefined : primaryOf(first as PrimaryRow),
    machine:
      first.mId === null
        ? undefined
        : {
            id: first.mId,
            clientId: first.mClientId!,
            agentId: first.mAgentId!,
            instanceStatus: first.mStatus!,
            isPrimary: first.mIsPrimary!,
            instanceType: first.mType,
            region: first.mRegion,
            az: first.mAz,
            currentMode: first.mMode!,
            currentPoolId: first.mPool,
            zombieAt: first.mZombieAt,
            replicaId: first.mReplicaId,
          },
    openSwitch:
      first.cId === null ? undefined : { id: first.cId, status: first.cStatus!, createdBy: first.cCreatedBy! },
    standbys: replicas.filter((row) => row.isActive).toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime()),
    named: replicas.find((row) => row.id === replicaId),
    notice:
      first.eId === null
        ? undefined
        : {
            id: first.eId,
            detectedAt: first.eDetectedAt!,
            announcedAt: first.eCreatedAt!,
            terminationTime: first.eTerminationTime!,
            action: first.eAction,
            replicaId: first.eReplicaId,
            failoverCompleted: first.eCompleted ?? false,
            failoverTimeMs: first.eMs,
          },
  };
}

interface PrimaryRow {
  readonly pId: string;
  readonly pType: string | null;
  readonly pRegion: string | null;
  readonly pAz: string | null;
  readonly pMode: Mode;
  readonly pPool: string | null;
  readonly pSpot: string | null;
  readonly pOnDemand: string | null;
  readonly pSeenAt: Date | null;
}

const primaryOf = (row: PrimaryRow): Primary => ({
  id: row.pId,
  instanceType: row.pType,
  region: row.pRegion,
  az: row.pAz,
  mode: row.pMode,
  poolId: row.pPool,
  spotPrice: numberOf(row.pSpot),
  onDemandPrice: numberOf(row.pOnDemand),
  lastSeenAt: row.pSeenAt,
});

const numberOf = (decimal: string | null) => (decimal === null ? undefined : Number(decimal));
