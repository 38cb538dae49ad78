import { type RawBuilder, sql } from 'kysely';
import type * as z from 'zod';
import { waitsBeside } from '../core/agent/beside.ts';
import type { OfAgent, Standing } from '../core/agent/identity.ts';
import { isCommanded } from '../core/command/queue.ts';
import { hasStandby, isStandbyComing } from '../core/failover/active-statuses.ts';
import { isMarketKnown } from '../core/pool/freshness.ts';
import { isLeaving } from '../core/termination/terminations.ts';
import type { Db } from '../shared/db.ts';
import { agentNotFound } from '../shared/errors.ts';
import type { HeartbeatRequest } from './requests.ts';
import { selectSettings, settingsIn } from './settings.ts';

/** What the response to a heartbeat may tell an agent that accepts `merged` (protocol A2). */

/** After how many seconds the agent is told to send its next heartbeat. */
export const beatSeconds = {
  /** A command or launch is under way, or settings have just changed. */
  underWay: 15,
  /** A standby waits for this instance to fall silent, it is not the primary, or an instance has to be terminated. */
  watched: 30,
  /** None of the above. The monthly cost depends on this value (docs/cost.md). */
  steady: 150,
} as const;

type Told = Pick<z.output<typeof HeartbeatRequest>, 'status' | 'config_version'>;

/** SQL condition that there is nothing to tell the primary, for the heartbeat statement. Must agree with `nextBeat`. */
export const nothingToTell = ({ status, config_version: version }: Told, now: Date) => ({
  join: sql`LEFT JOIN instances AS x ON x.agent_id = a.id AND x.client_id = a.client_id
    AND (${isLeaving} OR ${waitsBeside(now)})`,
  where: sql<boolean>`(x.id IS NULL AND a.config_version = ${version ?? null} AND a.enabled = ${status !== 'disabled'}
    AND a.status <> 'switching' AND a.pending_termination_at IS NULL
    AND NOT ${isCommanded} AND NOT ${hasStandby} AND ${isMarketKnown(now)})`,
});

/** Reads everything there may be to tell the agent. One statement. */
export async function readAgenda(db: Db, of: OfAgent, now: Date) {
  const row = await selectSettings(db, of)
    .select('a.pendingTerminationAt')
    .select(isCommanded.as('isCommanded'))
    .select(sql<boolean>`(${hasStandby} OR ${ofInstances(waitsBeside(now))})`.as('hasStandby'))
    .select(isStandbyComing.as('isStandbyComing'))
    .select(ofInstances(isLeaving).as('hasLeaving'))
    .select(isMarketKnown(now).as('isMarketKnown'))
    .executeTakeFirst();
  if (!row) throw agentNotFound(of.ref);
  const { pendingTerminationAt, isCommanded: commanded, isMarketKnown: known, ...rest } = row;
  return {
    ...settingsIn(row, of.ref),
    isCommanded: Boolean(Number(commanded)),
    hasStandby: Boolean(Number(rest.hasStandby)),
    isStandbyComing: Boolean(Number(rest.isStandbyComing)),
    hasLeaving: Boolean(Number(rest.hasLeaving)),
    isMarketKnown: Boolean(Number(known)),
    isBeingTaken: pendingTerminationAt !== null,
  };
}

/** Whether `agents AS a` has an instance `x` that meets a condition. */
const ofInstances = (is: RawBuilder<boolean>) =>
  sql<boolean>`EXISTS (SELECT 1 FROM instances AS x WHERE x.agent_id = a.id AND x.client_id = a.client_id AND ${is})`;

export type Agenda = Awaited<ReturnType<typeof readAgenda>>;

/** Whether the agent's reported state matches its settings; if not, it has not received them yet. */
export function isUpToDate({ settings, standing }: Agenda, { status, config_version: version }: Told): boolean {
  const isEnabled = standing === 'primary' && settings.enabled && settings.status !== 'deleted';
  return version === settings.configVersion && isEnabled === (status !== 'disabled');
}

interface Next extends Pick<Agenda, 'isCommanded' | 'hasStandby' | 'isStandbyComing' | 'hasLeaving' | 'isBeingTaken'> {
  readonly standing: Standing;
  readonly isUpToDate: boolean;
}

/** After how many seconds the agent should send its next heartbeat. */
export function nextBeat({ standing, ...agenda }: Next): number {
  const isUnderWay =
    agenda.isCommanded ||
    agenda.isStandbyComing ||
    agenda.isBeingTaken ||
    (standing === 'primary' && !agenda.isUpToDate);
  if (isUnderWay) return beatSeconds.underWay;
  return standing !== 'primary' || agenda.hasStandby || agenda.hasLeaving ? beatSeconds.watched : beatSeconds.steady;
}
