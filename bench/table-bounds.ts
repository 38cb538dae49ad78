import { jobs } from '../functions/jobs.ts';

/** What exists and what has happened in a fleet whose tables are counted. */
export interface Happened {
  readonly tenants: number;
  readonly agents: number;
  readonly pools: number;
  /** Instance types by region. */
  readonly places: number;
  /** Since the first row. */
  readonly days: number;
  /** Instances that were started. */
  readonly launches: number;
  /** Hours in which an instance ran, counting started hours in full. */
  readonly instanceHours: number;
  /** EC2's announcements: recommendations and notices. */
  readonly announcements: number;
  /** What operators and tenants created: tokens, operators, alerts, uploads. */
  readonly made: number;
}

/** How many rows a table may have. */
export type Bound =
  /** Rows kept for `keptDays` by the time in `at`, inserted at the time in `made`; `stay` more may be of any age. */
  | {
      readonly keptDays: number;
      readonly at: string;
      readonly made?: string;
      readonly stay?: (happened: Happened) => number;
    }
  /** Grows with something that exists or has happened; with time alone only if `with` says days. */
  | { readonly most: (happened: Happened) => number; readonly with: string };

/** A pool's price changes in a day, at most hourly, plus its first price of the day. EC2 makes only a few a day. */
const keptPricesADay = 25;
/** Days for which every five-minute price is kept. The job thins out whole days, at night. */
const fullPriceDays = 32;
const bucketsADay = 288;

const one = () => 1;
const perTenant: Bound = { most: ({ tenants }) => tenants, with: 'tenants' };
const perPlace: Bound = { most: ({ places }) => places, with: 'instance types and regions' };
const perPool: Bound = { most: ({ pools }) => pools, with: 'pools' };
const madeByPeople: Bound = { most: ({ made }) => made, with: 'what people make' };
const perDay: Bound = { most: ({ days, tenants }) => tenants * (Math.ceil(days) + 1), with: 'tenants and days' };

/** The bound of each table of the schema (docs/adr/0039): how long its rows are kept, or what it grows with. */
export const tableBounds: Readonly<Record<string, Bound>> = {
  // Tenants and operators
  clients: perTenant,
  client_tokens: { most: ({ tenants, made }) => tenants + made, with: 'tokens that were made' },
  operators: madeByPeople,
  aws_lookups: { most: ({ tenants, places }) => tenants * (places + 1), with: 'tenants and regions' },
  clients_daily_snapshot: { most: ({ days }) => Math.ceil(days) + 1, with: 'days' },
  export_keys: { most: ({ made }) => made + 1, with: 'tokens that asked for a link' },
  // Agents and instances
  agents: { most: ({ agents }) => agents, with: 'agents' },
  instances: { most: ({ launches }) => launches, with: 'instances started' },
  switches: { most: ({ launches }) => launches, with: 'instances started' },
  cleanup_logs: { keptDays: 30, at: 'executed_at' },
  hearing: { most: one, with: 'nothing' },
  commands: { keptDays: 30, at: 'completed_at', made: 'created_at', stay: ({ agents }) => 2 * agents },
  // Standbys and interruptions
  replica_instances: {
    most: ({ launches, announcements, pools }) => launches + announcements * pools,
    with: 'instances started, and pools tried in an emergency',
  },
  spot_interruption_events: {
    most: ({ announcements, launches }) => announcements + launches,
    with: "EC2's announcements, and ends that came without one",
  },
  pool_losses: { keptDays: 40, at: 'bucket' },
  pool_availability: { keptDays: 40, at: 'bucket' },
  pool_states: perPool,
  pool_risks: perPool,
  risk_calibration: { most: one, with: 'nothing' },
  // Prices
  spot_pools: perPool,
  tenant_pool_prices: { most: ({ pools, tenants }) => pools * tenants, with: 'pools and tenants' },
  market_collections: { most: ({ places }) => 8 * (places + 1), with: 'sources and regions' },
  market_places: perPlace,
  ondemand_prices: { most: ({ places, tenants }) => places * (tenants + 1), with: 'types, regions and tenants' },
  ondemand_price_snapshots: {
    most: ({ places, tenants, days }) => places * (tenants + 1) * (1 + Math.ceil(days / 30)),
    with: 'changes of on-demand prices, taken as one a month',
  },
  pricing_snapshots_clean: {
    most: ({ pools, days }) =>
      pools *
      (bucketsADay * Math.min(Math.ceil(days) + 1, fullPriceDays) +
        keptPricesADay * Math.min(Math.max(0, Math.ceil(days) + 1 - fullPriceDays), 731)),
    with: 'pools: each five minutes of 32 days, then changes for two years',
  },
  pricing_alerts: madeByPeople,
  // Decisions
  decisions: {
    keptDays: 90,
    at: 'last_time',
    made: 'decision_time',
    stay: ({ agents }) => 3 * agents,
  },
  policy_shadows: perPlace,
  model_sessions: { most: ({ made }) => Math.min(made, 100), with: 'uploads, the newest of which are kept' },
  model_files: { most: ({ made }) => 10 * Math.min(made, 100), with: 'uploads, the newest of which are kept' },
  what_if_runs: {
    most: ({ made, tenants }) => Math.min(made, 22 * tenants),
    with: 'back-tests, the newest 20 of a tenant beside two that wait',
  },
  // Events
  system_events: { keptDays: 90, at: 'created_at' },
  notification_marks: { most: ({ tenants, made }) => tenants * (made + 2), with: 'readers' },
  notification_reads: { keptDays: 90, at: 'read_at' },
  audit_logs: { keptDays: 180, at: 'created_at' },
  webhooks: perTenant,
  webhook_tests: perTenant,
  webhook_messages: { keptDays: 14, at: 'dead_at', made: 'created_at', stay: ({ tenants }) => 2 * tenants },
  webhook_items: {
    most: ({ announcements, launches, agents }) => 4 * (announcements + launches + agents),
    with: 'notifications of messages that wait, 14 days',
  },
  // Jobs
  job_runs: { most: () => Object.keys(jobs).length, with: 'jobs' },
  rate_counts: { keptDays: 1 / 24, at: 'counted_minute' },
  // Savings
  // EC2 reports an instance gone some seconds after it stopped, which may be in the next hour.
  cost_records: {
    most: ({ instanceHours, launches }) => instanceHours + launches,
    with: 'hours of instances, and one more for each end',
  },
  client_savings_daily: perDay,
  client_savings_monthly: {
    most: ({ tenants, days }) => tenants * (Math.ceil(days / 28) + 1),
    with: 'tenants and months',
  },
  savings_progress: { most: one, with: 'nothing' },
  client_price_overlays: madeByPeople,
  savings_corrections: perTenant,
  capacity_metrics: {
    most: ({ tenants, pools, days }) => tenants * pools * (Math.ceil(days) + 31),
    with: "tenants' pools and days",
  },
  capacity_reads: { most: ({ tenants, places }) => tenants * places, with: 'tenants and regions' },
  // Migrations
  schema_migrations: { most: () => 100, with: 'migrations' },
  schema_migration_lock: { most: one, with: 'nothing' },
};

/** A bound in words, for the printed table. */
export const wordsOf = (bound: Bound): string =>
  'most' in bound
    ? `grows with ${bound.with}`
    : `kept ${bound.keptDays < 1 ? `${bound.keptDays * 24} h` : `${bound.keptDays} days`}`;
