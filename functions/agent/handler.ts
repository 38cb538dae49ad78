import { findCaller } from '../core/agent/caller.ts';
import { agentNotFound } from '../shared/errors.ts';
import { byOf as by, httpHandler } from '../shared/http.ts';
import { reportCleanup } from './cleanup-report.ts';
import { reportResult } from './command-result.ts';
import { endAgent, uninstall } from './end-agent.ts';
import { heartbeat } from './heartbeat.ts';
import { issueSwitch } from './issue-switch.ts';
import { mergedHeartbeat } from './merged-heartbeat.ts';
import { nextCommand } from './pending-commands.ts';
import { reportPrices } from './pricing-report.ts';
import { adviseOnRebalance } from './rebalance-recommendation.ts';
import { registerAgent, tenantOf } from './register.ts';
import { agentRoutes } from './routes.ts';
import { readSettings, replicaSettings, settingsFor, summary } from './settings.ts';
import { reportSwitch } from './switch-report.ts';
import { instancesToTerminate, takeTerminationReport } from './terminations.ts';

const success = { success: true } as const;

/** The tenant and the agent of a request. */
const of = ({ caller, params }: { caller: { clientId: string }; params: { agent_id: string } }) => ({
  clientId: caller.clientId,
  ref: params.agent_id,
});

export const handler = httpHandler<typeof agentRoutes>(agentRoutes, {
  register: async ({ db, now, authorization, sourceIp }, { body }) => {
    const clientId = await tenantOf(db, { authorization, bodyToken: body.client_token, sourceIp }, now);
    return registerAgent(db, { clientId, body }, now);
  },
  heartbeat: async ({ db, now, requestId: token }, input) => {
    const beat = { ...of(input), body: input.body };
    // An agent that is ending gets nothing: whatever it was handed would be lost with it.
    if (input.body.accepts?.includes('merged') && input.body.status !== 'offline')
      return { ...success, merged: await mergedHeartbeat(db, { ...beat, token }, now) };
    await heartbeat(db, beat, now);
    return success;
  },
  // A deleted agent gets settings that switch everything off: on a 404 it would carry on as before.
  config: async ({ db }, input) => {
    const { settings, standing, standbyCount } = await readSettings(db, of(input));
    return settingsFor(settings, standing, standbyCount);
  },
  pendingCommands: ({ db, now, requestId }, input) => nextCommand(db, { ...of(input), token: requestId }, now),
  commandExecuted: async ({ db, now }, input) => {
    const { success: succeeded, message } = input.body;
    await reportResult(db, { ...of(input), commandId: input.params.command_id, success: succeeded, message }, now);
    return success;
  },
  pricingReport: async ({ db, now }, input) => {
    await reportPrices(db, { ...of(input), body: input.body }, now);
    return success;
  },
  switchReport: async ({ db, now }, input) => {
    await reportSwitch(db, { ...of(input), body: input.body }, now);
    return success;
  },
  termination: async ({ db, now }, input) => {
    await endAgent(db, { ...of(input), reason: input.body.reason, instanceId: input.body.instance_id }, now);
    return success;
  },
  cleanupReport: ({ db, now }, input) => reportCleanup(db, { ...of(input), body: input.body }, now),
  rebalanceRecommendation: ({ db, now }, input) => adviseOnRebalance(db, { ...of(input), body: input.body }, now),
  replicaConfig: async ({ db }, input) => {
    const { settings, standbyCount } = await readSettings(db, of(input));
    if (settings.status === 'deleted') throw agentNotFound(input.params.agent_id);
    return replicaSettings(settings, standbyCount);
  },
  issueSwitchCommand: (call, input) =>
    issueSwitch(call.db, { ...of(input), body: input.body }, by(call, input.caller), call.now),
  get: async ({ db, now }, input) => summary((await findCaller(db, of(input), now)).agent),
  // v3.2 reports a command as executed whether or not it worked, and does not report the result.
  markCommandExecuted: async ({ db, now }, input) => {
    const { command_id: commandId } = input.body;
    await reportResult(db, { ...of(input), commandId, success: true, message: undefined }, now);
    return success;
  },
  instancesToTerminate: ({ db, now }, input) => instancesToTerminate(db, of(input), now),
  terminationReport: async ({ db, now }, input) => {
    await takeTerminationReport(db, { ...of(input), body: input.body }, now);
    return { success: true, message: 'Recorded' };
  },
  uninstall: async ({ db, now }, { caller, body }) => {
    await uninstall(db, { clientId: caller.clientId, instanceId: body.instance_id, reason: body.reason }, now);
    return success;
  },
});
