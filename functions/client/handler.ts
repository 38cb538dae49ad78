import { listWhatIfsOf, showWhatIf, startWhatIf } from '../core/backtest/request.ts';
import { ownClient } from '../core/tenant/require-client.ts';
import { byOf as by, httpHandler } from '../shared/http.ts';
import { agentDetails } from './agent-details.ts';
import { listAgentHistory, listAgents } from './agents.ts';
import { listDecisions } from './decisions.ts';
import { downtime } from './downtime.ts';
import { listEvents } from './events.ts';
import { explainSavings } from './explain-savings.ts';
import { exportSavings, exportSwitches, linkToExport, openExport } from './exports.ts';
import { forceSwitch } from './force-switch.ts';
import { instanceLogs } from './instance-logs.ts';
import { listInstances } from './instances.ts';
import { instanceMetrics } from './metrics.ts';
import { availableOptions, instancePricing } from './pools.ts';
import { priceHistory, pricingHistory } from './price-history.ts';
import { priceOverlays, setPriceOverlays } from './price-overlays.ts';
import { createPricingAlert, deletePricingAlert, listPricingAlerts } from './pricing-alerts.ts';
import { listActiveReplicas } from './replicas.ts';
import { clientRoutes } from './routes.ts';
import { charts, monthlySavings } from './savings.ts';
import { configureAgent, removeAgent, toggleAgent } from './settings.ts';
import { simulateSwitch } from './simulate-switch.ts';
import { agentStatistics } from './statistics.ts';
import { clientSummary } from './summary.ts';
import { listSwitches } from './switch-history.ts';
import { validateToken } from './validate.ts';
import { poolVolatility } from './volatility.ts';

interface Of<Name extends string, Query = unknown> {
  readonly caller: { readonly clientId: string | undefined; readonly tokenId: string };
  readonly params: Readonly<Record<Name, string>>;
  readonly query: Query;
}

/** The caller, the tenant and the query of a request. */
const of = <Q>({ caller, params, query }: Of<'client_id', Q>) => ({ caller, clientId: params.client_id, query });
const ofAgent = ({ caller, params }: Of<'agent_id'>) => ({ caller, ref: params.agent_id });
const ofInstance = <Q>({ caller, params, query }: Of<'instance_id', Q>) => ({
  caller,
  instanceId: params.instance_id,
  query,
});

export const handler = httpHandler<typeof clientRoutes>(clientRoutes, {
  validate: ({ db, now, authorization, sourceIp }) => validateToken(db, { authorization, sourceIp }, now),
  client: ({ db }, input) => clientSummary(db, of(input)),
  agents: ({ db }, input) => listAgents(db, of(input)),
  instances: ({ db }, input) => listInstances(db, of(input)),
  replicas: ({ db }, input) => listActiveReplicas(db, of(input)),
  agentHistory: ({ db }, input) => listAgentHistory(db, of(input)),
  agent: ({ db, now }, input) => agentDetails(db, ofAgent(input), now),
  toggleEnabled: (call, input) => {
    const change = { ...ofAgent(input), enabled: input.body.enabled };
    return toggleAgent(call.db, change, by(call, input.caller), call.now);
  },
  settings: (call, input) =>
    configureAgent(call.db, { ...ofAgent(input), asked: input.body }, by(call, input.caller), call.now),
  config: (call, input) =>
    configureAgent(call.db, { ...ofAgent(input), asked: input.body }, by(call, input.caller), call.now),
  deleteAgent: (call, input) => removeAgent(call.db, ofAgent(input), by(call, input.caller), call.now),
  instancePricing: ({ db, now }, input) => instancePricing(db, ofInstance(input), now),
  instanceMetrics: ({ db, now }, input) => instanceMetrics(db, ofInstance(input), now),
  priceHistory: ({ db, now }, input) => priceHistory(db, ofInstance(input), now),
  pricingHistory: ({ db, now }, { caller, query }) => pricingHistory(db, { clientId: caller.clientId, query }, now),
  availableOptions: ({ db, now }, input) => availableOptions(db, ofInstance(input), now),
  decisions: ({ db, now }, input) => listDecisions(db, of(input), now),
  explainSavings: ({ db, now }, input) => explainSavings(db, { ...of(input), query: input.query }, now),
  priceOverlays: ({ db }, input) => priceOverlays(db, of(input)),
  setPriceOverlays: (call, input) =>
    setPriceOverlays(call.db, { ...of(input), body: input.body }, by(call, input.caller), call.now),
  savings: ({ db }, input) => monthlySavings(db, { ...of(input), range: input.query.range }),
  switchHistory: ({ db }, input) => listSwitches(db, of(input)),
  charts: ({ db, now }, input) => charts(db, of(input), now),
  exportSavings: ({ db }, input) => exportSavings(db, of(input)),
  exportSwitches: ({ db }, input) => exportSwitches(db, of(input)),
  linkToExport: ({ db, now }, input) => linkToExport(db, { ...of(input), body: input.body }, now),
  statistics: ({ db }, input) => agentStatistics(db, ofAgent(input)),
  statisticsAlias: ({ db }, input) => agentStatistics(db, ofAgent(input)),
  logs: ({ db }, input) => instanceLogs(db, ofInstance(input)),
  volatility: ({ db, now }, input) => poolVolatility(db, { ...ofInstance(input), days: input.query.days }, now),
  simulateSwitch: ({ db, now }, input) => simulateSwitch(db, { ...ofInstance(input), body: input.body }, now),
  downtime: ({ db, now }, input) => downtime(db, { ...of(input), days: input.query.days }, now),
  pricingAlerts: ({ db, now }, input) => listPricingAlerts(db, of(input), now),
  createPricingAlert: (call, input) =>
    createPricingAlert(call.db, { ...of(input), body: input.body }, by(call, input.caller), call.now),
  deletePricingAlert: (call, input) =>
    deletePricingAlert(call.db, { ...of(input), alertId: input.params.alert_id }, by(call, input.caller), call.now),
  startWhatIf: (call, input) =>
    startWhatIf(call.db, { ...of(input), body: input.body }, by(call, input.caller), call.now),
  whatIfs: ({ db }, input) => listWhatIfsOf(db, of(input)),
  whatIf: ({ db }, { caller, params }) =>
    showWhatIf(db, { id: params.run_id, clientId: ownClient(caller, params.client_id) }),
  events: ({ db, now }, { caller, query }) => listEvents(db, { caller, query }, now),
  openExport: ({ db, now }, { params }) => openExport(db, params.link, now),
  forceSwitch: (call, input) =>
    forceSwitch(call.db, { ...ofInstance(input), body: input.body }, by(call, input.caller), call.now),
});
