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
  /** This request's id: after a lost response, it shows which request an update came from. */ readonly token: string;
};

/**
 * A heartbeat whose response also carries what the separate polls A3, A4, R2 with `launching`, and X3 would (protocol
 * A2). One statement if there is nothing to tell. Otherwise it calls the functions of those routes, each only if it has
 * something to return. What is handed out for good comes last, so that no later failure loses it.
 * @throws AppError agent_not_found, as for A2
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

/** Treats a lock conflict as "there may be something to tell": the slow path takes fewer locks than this statement. */
function isInTheWay(error: unknown): false {
  if (error instanceof DatabaseError && error.kind === 'conflict') return false;
  throw error;
}

/** The caller's handle: from the path or, if the path names only the agent, from the body. */
function speakerOf(beat: Beat): string {
  const { agentId, reporter } = saidBy(beat);
  return reporter === undefined ? agentId : handleOf(agentId, reporter);
}

const nothing = { commands: [], replicas: [], instances: [] };

/** At most one launch, from a command or of a standby: the agent soon returns for the other. */
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
