import { findCaller } from '../core/agent/identity.ts';
import { closeCommand, nextCommand } from '../core/command/queue.ts';
import { endAgent, instancesToTerminate, reportTermination, uninstall } from '../core/termination/terminations.ts';
import { decideFor, recommendSwitch } from '../decision/decide.ts';
import { httpHandler } from '../shared/http.ts';
import { reportCleanup } from './cleanup-report.ts';
import { heartbeat } from './heartbeat.ts';
import { issueSwitch } from './issue-switch.ts';
import { reportPrices } from './pricing-report.ts';
import { adviseOnRebalance } from './rebalance-recommendation.ts';
import { registerAgent, tenantOf } from './register.ts';
import { agentRoutes } from './routes.ts';
import { replicaSettings, settingsFor, summary } from './settings.ts';
import { reportSwitch } from './switch-report.ts';

const success = { success: true } as const;

/** Whose agent, of what every route of an agent has. */
const of = ({ caller, params }: { caller: { clientId: string }; params: { agent_id: string } }) => ({
  clientId: caller.clientId,
  ref: params.agent_id,
});

export const handler = httpHandler<typeof agentRoutes>(agentRoutes, {
  register: async ({ db, now, authorization, sourceIp }, { body }) => {
    const clientId = await tenantOf(db, now, { authorization, bodyToken: body.client_token, sourceIp });
    return registerAgent(db, { clientId, now, body });
  },
  heartbeat: async ({ db, now }, input) => {
    await heartbeat(db, { ...of(input), now, body: input.body });
    return success;
  },
  // A deleted agent is told to keep still: on a 404 it would go on as it was.
  config: async ({ db }, input) => {
    const { agent, standing, replicas } = await findCaller(db, of(input), { deleted: true });
    return settingsFor(agent, standing, replicas);
  },
  pendingCommands: ({ db, now, requestId }, input) => nextCommand(db, { ...of(input), now, token: requestId }),
  commandExecuted: async ({ db, now }, input) => {
    await closeCommand(db, {
      ...of(input),
      commandId: input.params.command_id,
      ...input.body,
      message: input.body.message,
      now,
    });
    return success;
  },
  pricingReport: async ({ db, now }, input) => {
    await reportPrices(db, { ...of(input), now, body: input.body });
    return success;
  },
  switchReport: async ({ db, now }, input) => {
    await reportSwitch(db, { ...of(input), now, body: input.body });
    return success;
  },
  termination: async ({ db, now }, input) => {
    await endAgent(db, { ...of(input), now, reason: input.body.reason, instanceId: input.body.instance_id });
    return success;
  },
  cleanupReport: ({ db, now }, input) => reportCleanup(db, { ...of(input), now, body: input.body }),
  rebalanceRecommendation: ({ db, now }, input) => adviseOnRebalance(db, { ...of(input), now, body: input.body }),
  replicaConfig: async ({ db }, input) => {
    const { agent, replicas } = await findCaller(db, of(input));
    return replicaSettings(agent, replicas);
  },
  decide: ({ db, now }, input) => decideFor(db, { ...of(input), now, body: input.body }),
  switchRecommendation: ({ db, now }, input) => recommendSwitch(db, { ...of(input), now }),
  issueSwitchCommand: ({ db, now }, input) => issueSwitch(db, { ...of(input), now, body: input.body }),
  get: async ({ db }, input) => summary((await findCaller(db, of(input))).agent),
  // v3.2 reports a command executed whether or not it worked, and says nothing of how it went.
  markCommandExecuted: async ({ db, now }, input) => {
    await closeCommand(db, { ...of(input), commandId: input.body.command_id, success: true, message: undefined, now });
    return success;
  },
  instancesToTerminate: ({ db, now }, input) => instancesToTerminate(db, { ...of(input), now }),
  terminationReport: async ({ db, now }, input) => {
    await reportTermination(db, { ...of(input), now, body: input.body });
    return { success: true, message: 'Recorded' };
  },
  uninstall: async ({ db, now }, { caller, body }) => {
    await uninstall(db, { clientId: caller.clientId, instanceId: body.instance_id, reason: body.reason, now });
    return success;
  },
});
