/** The command and instance that example bodies refer to. */
interface About {
  readonly commandId?: string | undefined;
  readonly instanceId?: string | undefined;
}

/**
 * A valid body for every route that needs one, by the route's number in docs/protocol.md. The OpenAPI document shows it
 * as the example, and tests that cover the whole route table send it. Add each new route with a body here.
 */
export const requests: Readonly<Record<string, (about: About) => Record<string, unknown>>> = {
  A1: ({ instanceId = 'i-1' }) => ({
    logical_agent_id: 'web',
    instance_id: instanceId,
    instance_type: 'm5.large',
    region: 'us-east-1',
    az: 'us-east-1a',
  }),
  A2: () => ({ status: 'online', accepts: ['merged'], config_version: 1 }),
  A5: () => ({ success: true, message: 'Switch completed' }),
  A6: ({ instanceId = 'i-1' }) => ({
    instance: { instance_id: instanceId, instance_type: 'm5.large', mode: 'ondemand' },
    pricing: { on_demand_price: 0.096, spot_pools: [{ az: 'us-east-1a', price: 0.03 }] },
  }),
  A7: ({ instanceId = 'i-1' }) => ({ old_instance: { instance_id: instanceId }, new_instance: { instance_id: 'i-2' } }),
  A8: ({ instanceId }) => ({ reason: 'test', instance_id: instanceId }),
  A9: () => ({ snapshots: { deleted: ['snap-1'], failed: [] }, amis: { deleted_amis: [], failed: [] } }),
  A10: ({ instanceId }) => ({ instance_id: instanceId }),
  A12: () => ({ instance: {} }),
  A14: () => ({ target_mode: 'ondemand' }),
  R1: () => ({ pool_id: 'm5.large.us-east-1b', created_by: 'test', tags: { a: 'b' } }),
  R3: () => ({ demote_old_primary: false, wait_for_sync: true }),
  R5: ({ instanceId = 'i-1' }) => ({ instance_id: instanceId, status: 'syncing' }),
  R6: () => ({ status: 'ready', sync_completed_at: '2026-03-02T00:00:00Z' }),
  R7: () => ({ sync_status: 'synced', sync_latency_ms: 5, state_transfer_progress: 100 }),
  R8: ({ instanceId = 'i-1' }) => ({ signal_type: 'rebalance-recommendation', instance_id: instanceId }),
  R9: ({ instanceId = 'i-1' }) => ({ instance_id: instanceId, termination_time: '2026-03-02T00:02:00Z' }),
  X2: ({ commandId = 'c-1' }) => ({ command_id: commandId }),
  X4: ({ instanceId = 'i-1' }) => ({ instance_id: instanceId, success: true }),
  X5: ({ instanceId = 'i-1' }) => ({ instance_id: instanceId, reason: 'test' }),
  C5: () => ({ enabled: true }),
  C6: () => ({ auto_switch_enabled: true, replica_count: 0 }),
  C7: () => ({
    terminateWaitMinutes: 10,
    autoSwitchEnabled: false,
    manualReplicaEnabled: true,
    autoTerminateEnabled: true,
    min_savings_percent: 20,
    risk_threshold: 0.2,
    max_switches_per_week: 5,
    max_switches_per_day: 2,
    min_pool_duration_hours: 3,
  }),
  C17: () => ({ target: 'ondemand' }),
  X18: () => ({ target_type: 'ondemand' }),
  X30: () => ({ pool_id: 'm5.large.us-east-1a', threshold: 0.02 }),
  X27: () => ({ export: 'savings' }),
  E12: () => ({ days: 30, settings: { availability_target: 99.95, availability_form: 'week' } }),
  E15: () => ({ client_id: 'c-1', settings: { availability_target: 'none', min_savings_percent: 10 } }),
  X35: () => ({ export: 'global-stats' }),
  D1: () => ({ name: 'Acme' }),
  X13: () => ({ operation: 'disable_agents', agent_ids: ['a'], confirm: true }),
  E3: () => ({
    prices: [{ instance_type: 'm5.large', az: 'us-east-1a', price: 0.03, at: '2026-03-02T00:00:00Z' }],
  }),
  X8: () => ({ files: [{ name: 'risk.onnx', size: 1000 }] }),
  X9: () => ({ files: [{ name: 'engine.py', size: 1000 }] }),
  N5: () => ({ url: 'https://example.com/hooks/spot', min_severity: 'warning', digest_minutes: 5 }),
  T1: () => ({ name: 'console', scope: 'read' }),
  O1: () => ({ name: 'ann', role: 'viewer' }),
  E9: () => ({ max_agents: 500, max_instances: 1500 }),
  E11: () => ({
    overlays: [
      { name: 'Compute Savings Plan', mode: 'ondemand', multiplier: 0.72, from: '2026-03-02T00:00:00Z' },
      { instance_type: 'm5.large', mode: 'ondemand', hourly_price: 0.06 },
    ],
  }),
  E2: () => ({ aws_account_id: '123456789012', role_arn: 'arn:aws:iam::123456789012:role/SpotOptimizer' }),
  D12: () => ({ sessionId: '3f2b8c1e-5d64-4a7b-9c0d-1e2f3a4b5c6d' }),
};
