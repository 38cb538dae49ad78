import type { Db } from '../../shared/db.ts';
import { minuteMs, msBefore } from '../../shared/time.ts';
import type { AwsAccess } from '../tenant/aws-access.ts';
import { beatingMs } from './liveness.ts';

/** A primary that has missed its heartbeats while another instance of its agent has not. */
export interface SilentPrimary extends AwsAccess {
  readonly agentId: string;
  readonly instanceId: string;
  readonly standbyId: string;
  readonly region: string | null;
  readonly az: string | null;
}

/** After this long EC2 is not asked: a live standby has taken over from the silent primary anyway. */
const silentMs = 10 * minuteMs;

const atOnce = 200;

/**
 * Silent primaries of tenants who let us query EC2. One statement, which reads only agents that fell silent recently.
 */
export const silentPrimaries = (db: Db, now: Date): Promise<SilentPrimary[]> =>
  db
    .selectFrom('agents as a')
    .innerJoin('instances as i', (join) => join.onRef('i.id', '=', 'a.instanceId').onRef('i.agentId', '=', 'a.id'))
    .innerJoin('instances as s', (join) =>
      join
        .onRef('s.agentId', '=', 'a.id')
        .onRef('s.clientId', '=', 'a.clientId')
        .on('s.instanceStatus', '=', 'running_replica')
        .on('s.lastSeenAt', '>', msBefore(now, beatingMs)),
    )
    .innerJoin('clients as c', 'c.id', 'a.clientId')
    .select(['a.id as agentId', 'i.id as instanceId', 's.id as standbyId', 'i.region', 'i.az'])
    .select(['c.id as clientId', 'c.awsAccountId', 'c.awsRoleArn', 'c.awsExternalId'])
    .where('a.status', 'in', ['online', 'switching', 'error'])
    .where('a.lastHeartbeatAt', '<=', msBefore(now, beatingMs))
    .where('a.lastHeartbeatAt', '>', msBefore(now, silentMs))
    .where('c.awsRoleArn', 'is not', null)
    .orderBy('a.lastHeartbeatAt')
    .limit(atOnce)
    .execute();
