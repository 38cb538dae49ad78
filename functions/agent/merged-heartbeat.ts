import { noteSteadyBeat } from '../core/agent/agents.ts';
import { handleOf } from '../core/agent/identity.ts';
import { listReplicas } from '../core/failover/list-standbys.ts';
import { DatabaseError } from '../shared/data-api/errors.ts';
import type { Db } from '../shared/db.ts';
import { type Agenda, beatSeconds, isUpToDate, nextBeat, nothingToTell, readAgenda } from './agenda.ts';
import { type Beat, heartbeat, saidBy } from './heartbeat.ts';
import { nextCommand } from './pending-commands.ts';
import { settingsFor } from './settings.ts';
import { instancesToTerminate } from './terminations.ts';

type Call = Beat & {
  /** Of this request: where an answer was lost, it tells whose update it was. */ readonly token: string;
};

/**
 * A heartbeat whose answer carries what the separate polls would: A3, A4, R2 with `launching`, and X3 (protocol A2). One
 * statement where there is nothing to tell. Otherwise the functions of these routes are asked, each only where it has
 * something; what is handed out for good comes last, so that no failure after it loses it.
 * @throws AppError agent_not_found, as A2
 */
export async function mergedHeartbeat(db: Db, { token, ...beat }: Call, now: Date) {
  const call = { ...beat, token, ref: speakerOf(beat) };
  const { body } = call;
  const steady = { nextSeconds: beatSeconds.steady, isPriced: true, only: nothingToTell(body, now) };
  if (
    body.config_version !== undefined &&
    (await noteSteadyBeat(db, { ...saidBy(call), ...steady }, now).catch(isInTheWay))
  )
    return { ...nothing, config_version: body.config_version, report_prices: false, next_seconds: beatSeconds.steady };
  const agenda = await readAgenda(db, call, now);
  const hasHeard = isUpToDate(agenda, body);
  const nextSeconds = nextBeat({ ...agenda, isUpToDate: hasHeard });
  await heartbeat(db, { ...call, told: { nextSeconds, isPriced: agenda.isMarketKnown } }, now);
  return {
    ...nothing,
    config_version: agenda.settings.configVersion,
    ...(!hasHeard && { config: settingsFor(agenda.settings, agenda.standing, agenda.standbyCount) }),
    report_prices: !agenda.isMarketKnown,
    next_seconds: nextSeconds,
    ...(await whatToDo(db, { call, agenda }, now)),
  };
}

/** Who changes what the statement reads, and locks to read it: there may be something to tell, and the long way locks less. */
function isInTheWay(error: unknown): false {
  if (error instanceof DatabaseError && error.kind === 'conflict') return false;
  throw error;
}

/** Who beats says so in its path or, where that names the agent alone, in the body. */
function speakerOf(beat: Beat): string {
  const { agentId, reporter } = saidBy(beat);
  return reporter === undefined ? agentId : handleOf(agentId, reporter);
}

const nothing = { commands: [], replicas: [], instances: [] };

/** At most one launch, of a command or of a standby: the agent is back for the other one soon. */
async function whatToDo(db: Db, { call, agenda }: { readonly call: Call; readonly agenda: Agenda }, now: Date) {
  const { clientId, ref, token } = call;
  const instances = agenda.hasLeaving ? (await instancesToTerminate(db, { clientId, ref }, now)).instances : [];
  if (agenda.standing !== 'primary') return { instances };
  const commands = agenda.isCommanded ? await nextCommand(db, { clientId, ref, token }, now) : [];
  if (commands.length > 0 || !agenda.isStandbyComing) return { instances, commands };
  const query = { status: 'launching', include_terminated: 'false' } as const;
  const { replicas } = await listReplicas(db, { clientId, ref, query, token }, now);
  return { instances, replicas };
}
