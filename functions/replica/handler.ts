import { parseHandle } from '../core/agent/identity.ts';
import { listReplicas } from '../core/failover/list-standbys.ts';
import { handleTermination, prepareStandby } from '../core/failover/notices.ts';
import { byOf as by, httpHandler } from '../shared/http.ts';
import { attachInstance } from './attach.ts';
import { createReplica } from './create.ts';
import { deleteReplica } from './delete.ts';
import { setManualReplica, switchManually } from './manual-mode.ts';
import { emergencyAnswer, terminationAnswer } from './notice-answers.ts';
import { promoteReplica } from './promote.ts';
import { replicaRoutes } from './routes.ts';
import { signalOf } from './signal-of.ts';
import { standbyStatus } from './standby-status.ts';
import { reportStatus, reportSync } from './status.ts';

interface Of {
  readonly caller: { readonly clientId: string | undefined };
  readonly params: { readonly agent_id: string };
}

const of = ({ caller, params }: Of) => ({ clientId: caller.clientId, agentId: parseHandle(params.agent_id).agentId });

const ofReplica = (input: Of & { params: { replica_id: string } }) => ({
  ...of(input),
  replicaId: input.params.replica_id,
});

export const handler = httpHandler<typeof replicaRoutes>(replicaRoutes, {
  create: (call, input) => createReplica(call.db, { ...of(input), body: input.body }, by(call, input.caller), call.now),
  list: ({ db, now, requestId: token }, { caller, params, query }) =>
    listReplicas(db, { clientId: caller.clientId, ref: params.agent_id, query, token }, now),
  promote: (call, input) => {
    const promotion = { ...ofReplica(input), demote: input.body.demote_old_primary };
    return promoteReplica(call.db, promotion, by(call, input.caller), call.now);
  },
  remove: (call, input) => deleteReplica(call.db, ofReplica(input), by(call, input.caller), call.now),
  attach: ({ db, now }, input) => {
    const { instance_id: instanceId, status } = input.body;
    return attachInstance(db, { ...ofReplica(input), instanceId, status }, now);
  },
  status: ({ db, now }, input) => {
    const { instanceId: speakerId } = parseHandle(input.params.agent_id);
    return reportStatus(db, { ...ofReplica(input), speakerId, body: input.body }, now);
  },
  syncStatus: ({ db, now }, input) => reportSync(db, { ...ofReplica(input), body: input.body }, now),
  createEmergency: async ({ db, now }, input) => {
    const { signal_type: type, instance_id, termination_time, preferred_zones, exclude_zones } = input.body;
    const signal = signalOf(input, { type, instanceId: instance_id, terminationTime: termination_time }, now);
    const wishes = { preferredZones: preferred_zones, excludeZones: exclude_zones };
    return emergencyAnswer(signal, await prepareStandby(db, { signal, wishes }, now));
  },
  terminationImminent: async ({ db, now }, input) => {
    const { instance_id, termination_time, detected_at, replica_id } = input.body;
    const claim = { instanceId: instance_id, terminationTime: termination_time, detectedAt: detected_at };
    const signal = signalOf(input, { type: 'termination-notice', ...claim }, now);
    return terminationAnswer(await handleTermination(db, { signal, preferredId: replica_id }, now));
  },
  enableManual: async (call, input) => ({
    success: true,
    changed: await setManualReplica(call.db, { ...of(input), on: true }, by(call, input.caller), call.now),
  }),
  disableManual: async (call, input) => ({
    success: true,
    changed: await setManualReplica(call.db, { ...of(input), on: false }, by(call, input.caller), call.now),
  }),
  manualSwitch: (call, input) => switchManually(call.db, of(input), by(call, input.caller), call.now),
  sefStatus: ({ db, now }, input) => standbyStatus(db, of(input), now),
  emergencyStatus: ({ db, now }, input) => standbyStatus(db, of(input), now),
});
