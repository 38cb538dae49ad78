import { listWhatIfs, showWhatIf, startWhatIf } from '../core/backtest/request.ts';
import { audit } from '../core/event/audit.ts';
import { recordMarketPrices } from '../core/pool/market-prices.ts';
import { setAwsAccess } from '../core/tenant/aws-access.ts';
import { createToken, revokeToken } from '../core/tenant/client-tokens.ts';
import { createClient } from '../core/tenant/create-client.ts';
import { beginDeletion } from '../core/tenant/delete-client.ts';
import { readToken, regenerateToken } from '../core/tenant/main-token.ts';
import { createOperator, revokeOperator } from '../core/tenant/operators.ts';
import { readPlan, setPlan } from '../core/tenant/plan.ts';
import { ownClient } from '../core/tenant/require-client.ts';
import { storedTarget } from '../core/wire.ts';
import { byOf as by, httpHandler } from '../shared/http.ts';
import { showAwsAccess } from './aws-access.ts';
import { executeBulk } from './bulk.ts';
import { listClients } from './clients-list.ts';
import { exportStats, linkToStats, openStats } from './export-stats.ts';
import { listFleetAgents } from './fleet-agents.ts';
import { listFleetInstances } from './fleet-instances.ts';
import { listJobs, systemHealth } from './job-runs.ts';
import { adminRoutes } from './routes.ts';
import { search } from './search.ts';
import { listActivity, readGrowth, readStats } from './stats.ts';
import { agentHealth, poolStatistics } from './summaries.ts';
import { listOperators, listTokens } from './tokens.ts';

/** What the audit log keeps of imported prices. The list may be long, and EC2 still has it. */
function spanOf(prices: readonly { readonly at: Date }[]) {
  const times = prices.map(({ at }) => at.getTime());
  return { prices: prices.length, from: new Date(Math.min(...times)), until: new Date(Math.max(...times)) };
}

/** A caller who may act for any tenant. */
const operator = { clientId: undefined };

const revoked = { success: true, message: 'It stops working within a minute' } as const;

export const handler = httpHandler<typeof adminRoutes>(adminRoutes, {
  createClient: async (call, { body, caller }) => {
    const { name, email, aws_account_id: awsAccountId, aws_role_arn: awsRoleArn } = body;
    const plan = { maxAgents: body.max_agents, maxInstances: body.max_instances };
    const target = body.default_availability_target;
    const defaultAvailabilityTarget = target && storedTarget(target);
    const wanted = { name, email, awsAccountId, awsRoleArn, defaultAvailabilityTarget, plan };
    const made = await createClient(call.db, wanted, by(call, caller), call.now);
    const { awsExternalId, ...client } = made;
    return { success: true, client: { ...client, status: 'active', aws_external_id: awsExternalId } };
  },
  deleteClient: async (call, { params, caller }) => {
    const name = await beginDeletion(call.db, { clientId: params.client_id }, by(call, caller), call.now);
    const message = `Client ${name} was deleted. Its EC2 instances keep running: terminate them yourself`;
    return { success: true, message };
  },
  regenerateToken: async (call, { params, body, caller }) => {
    const overlapHours = body.overlap_hours ?? 0;
    const replacement = { clientId: params.client_id, overlapHours };
    const token = await regenerateToken(call.db, replacement, by(call, caller), call.now);
    const ends = overlapHours > 0 ? `works for another ${overlapHours} hours` : 'stops working within a minute';
    return { success: true, token, message: `The old token ${ends}` };
  },
  readToken: async (call, { params, caller }) => {
    const { name, token } = await readToken(call.db, { clientId: params.client_id }, by(call, caller), call.now);
    return { token, client_name: name };
  },
  readAwsAccess: ({ db, now }, { params }) => showAwsAccess(db, { clientId: params.client_id }, now),
  setAwsAccess: async (call, { params, body, caller }) => {
    const { aws_account_id, role_arn } = body;
    const access = { clientId: params.client_id, awsAccountId: aws_account_id, awsRoleArn: role_arn };
    const external_id = await setAwsAccess(call.db, access, by(call, caller), call.now);
    return { success: true, aws_account_id, role_arn, external_id };
  },
  readPlan: async ({ db }, { params }) => {
    const { maxAgents, maxInstances, agents, instances } = await readPlan(db, { clientId: params.client_id });
    return { client_id: params.client_id, max_agents: maxAgents, max_instances: maxInstances, agents, instances };
  },
  setPlan: async (call, { params, body: { max_agents, max_instances }, caller }) => {
    const plan = { clientId: params.client_id, maxAgents: max_agents, maxInstances: max_instances };
    await setPlan(call.db, plan, by(call, caller), call.now);
    return { success: true, max_agents, max_instances };
  },
  importPrices: async (call, { body, caller }) => {
    const prices = body.prices.map(({ instance_type: instanceType, ...rest }) => ({ instanceType, ...rest }));
    await audit(
      call.db,
      by(call, caller),
      { clientId: null, action: 'prices_imported', after: spanOf(prices) },
      call.now,
    );
    const { pools, buckets, leftOut } = await recordMarketPrices(call.db, prices, call.now);
    return { success: true, pools, buckets, left_out: leftOut };
  },
  clients: ({ db }, { query }) => listClients(db, query),
  stats: ({ db, now }) => readStats(db, now),
  growth: ({ db, now }, { query }) => readGrowth(db, query, now),
  activity: ({ db }, { query }) => listActivity(db, query),
  fleetInstances: ({ db }, { query }) => listFleetInstances(db, query),
  fleetAgents: ({ db }, { query }) => listFleetAgents(db, query),
  systemHealth: ({ db, now }) => systemHealth(db, now),
  exportStats: ({ db }, { query }) => exportStats(db, query),
  linkToExport: ({ db, now }, { body, caller }) =>
    linkToStats(db, { cursor: body.cursor, tokenId: caller.tokenId }, now),
  openExport: ({ db, now }, { params }) => openStats(db, params.link, now),
  search: ({ db }, { query }) => search(db, query),
  searchOfOld: ({ db }, { query }) => search(db, query),
  poolStatistics: ({ db }) => poolStatistics(db),
  poolStatisticsOfOld: ({ db }) => poolStatistics(db),
  agentHealth: ({ db }) => agentHealth(db),
  agentHealthOfOld: ({ db }) => agentHealth(db),
  bulk: (call, { body, caller }) => {
    const { operation, agent_ids: agentIds } = body;
    return executeBulk(call.db, { operation, agentIds }, by(call, caller), call.now);
  },
  jobs: async ({ db, now }) => ({ jobs: await listJobs(db, now) }),
  startWhatIf: (call, { body: { client_id: clientId, ...body }, caller }) =>
    startWhatIf(call.db, { caller: operator, clientId, body }, by(call, caller), call.now),
  whatIfs: ({ db }, { query }) => listWhatIfs(db, { list: 'E16', query }),
  whatIf: ({ db }, { params }) => showWhatIf(db, { id: params.run_id }),
  createToken: async (call, { params, body, caller }) => {
    const { expires_at: expiresAt, ...token } = body;
    const wanted = { clientId: ownClient(caller, params.client_id), ...token, expiresAt };
    return { success: true, name: body.name, ...(await createToken(call.db, wanted, by(call, caller), call.now)) };
  },
  listTokens: async ({ db, now }, { params, query, caller }) =>
    listTokens(db, { clientId: ownClient(caller, params.client_id), query }, now),
  revokeToken: async (call, { params, caller }) => {
    const token = { clientId: ownClient(caller, params.client_id), tokenId: params.token_id };
    await revokeToken(call.db, token, by(call, caller), call.now);
    return revoked;
  },
  createOperator: async (call, { body, caller }) => ({
    success: true,
    name: body.name,
    ...(await createOperator(call.db, body, by(call, caller), call.now)),
  }),
  listOperators: ({ db }, { query }) => listOperators(db, query),
  revokeOperator: async (call, { params, caller }) => {
    await revokeOperator(call.db, { operatorId: params.operator_id }, by(call, caller), call.now);
    return revoked;
  },
});
