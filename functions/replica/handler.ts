import { parseHandle } from '../core/agent/identity.ts';
import { createReplica } from '../core/failover/create.ts';
import { attachMachine, deleteReplica, reportStatus, reportSync } from '../core/failover/lifecycle.ts';
import { handleTermination, prepareStandby, type Signal } from '../core/failover/notices.ts';
import { promoteReplica } from '../core/failover/promote.ts';
import { heldTo } from '../shared/fields.ts';
import { httpHandler } from '../shared/http.ts';
import { listReplicas } from './list.ts';
import { disableManualReplica, enableManualReplica, standbyStatus, switchManually } from './manual-mode.ts';
import { emergencyAnswer, terminationAnswer } from './notice-answers.ts';
import { replicaRoutes } from './routes.ts';

interface Of {
  readonly caller: { readonly clientId: string | undefined };
  readonly params: { readonly agent_id: string; readonly replica_id?: string };
}

const of = ({ caller, params }: Of) => ({ clientId: caller.clientId, agentId: parseHandle(params.agent_id).agentId });

const ofReplica = (input: Of & { params: { replica_id: string } }) => ({
  ...of(input),
  replicaId: input.params.replica_id,
});

/** The signal that a machine itself brings: it speaks of the machine of its handle, or of the one it names. */
function signalOf(
  input: { caller: { clientId: string }; params: { agent_id: string } },
  {
    type,
    instanceId,
    terminationTime,
    detectedAt,
    now,
  }: Omit<Signal, 'clientId' | 'agentId' | 'instanceId' | 'detectedAt' | 'announcedAt'> & {
    instanceId: string | undefined;
    detectedAt?: Date | undefined;
  },
): Signal {
  const handle = parseHandle(input.params.agent_id);
  return {
    clientId: input.caller.clientId,
    agentId: handle.agentId,
    instanceId: handle.instanceId ?? instanceId ?? '',
    type,
    terminationTime,
    detectedAt: heldTo(now, detectedAt),
    announcedAt: now,
    now,
  };
}

export const handler = httpHandler<typeof replicaRoutes>(replicaRoutes, {
  create: ({ db, now }, input) => createReplica(db, { ...of(input), body: input.body, now }),
  list: ({ db, now }, { caller, params, query }) =>
    listReplicas(db, { clientId: caller.clientId, ref: params.agent_id, now, query }),
  promote: ({ db, now }, input) =>
    promoteReplica(db, { ...ofReplica(input), demote: input.body.demote_old_primary, now }),
  remove: ({ db, now }, input) => deleteReplica(db, { ...ofReplica(input), now }),
  attach: ({ db, now }, input) =>
    attachMachine(db, { ...ofReplica(input), instanceId: input.body.instance_id, status: input.body.status, now }),
  status: ({ db, now }, input) => {
    const { instanceId: speakerId } = parseHandle(input.params.agent_id);
    return reportStatus(db, { ...ofReplica(input), speakerId, body: input.body, now });
  },
  syncStatus: ({ db, now }, input) => reportSync(db, { ...ofReplica(input), body: input.body, now }),
  createEmergency: async ({ db, now }, input) => {
    const { body } = input;
    const signal = signalOf(input, {
      type: body.signal_type,
      instanceId: body.instance_id,
      terminationTime: body.termination_time,
      now,
    });
    const wishes = { preferredZones: body.preferred_zones, excludeZones: body.exclude_zones };
    return emergencyAnswer(signal, await prepareStandby(db, signal, { wishes }));
  },
  terminationImminent: async ({ db, now }, input) => {
    const { body } = input;
    const signal = signalOf(input, {
      type: 'termination-notice',
      instanceId: body.instance_id,
      terminationTime: body.termination_time,
      detectedAt: body.detected_at,
      now,
    });
    return terminationAnswer(await handleTermination(db, signal, { preferredId: body.replica_id }));
  },
  enableManual: async ({ db, now }, input) => ({
    success: true,
    changed: await enableManualReplica(db, { ...of(input), now }),
  }),
  disableManual: async ({ db, now }, input) => ({
    success: true,
    changed: await disableManualReplica(db, { ...of(input), now }),
  }),
  manualSwitch: ({ db, now }, input) => switchManually(db, { ...of(input), now }),
  sefStatus: ({ db }, input) => standbyStatus(db, of(input)),
  emergencyStatus: ({ db }, input) => standbyStatus(db, of(input)),
});
