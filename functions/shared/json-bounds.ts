/**
 * The maximum bytes of JSON in each JSON column, by table and column. The Data API returns rows of up to 64 KB in all:
 * test/functions/shared/row-sizes.test.ts adds up the tables.
 */
export const jsonBytes = {
  'agents.disruption_windows': 1_024,
  'instances.recent_reports': 1_024,
  'cleanup_logs.details': 16_384,
  'switches.timing_data': 8_192,
  'replica_instances.tags': 4_096,
  'spot_interruption_events.features': 0, // not written yet
  'pool_states.record': 1_024,
  'pool_risks.chances': 64,
  'pool_risks.state': 2_048,
  'risk_calibration.bins': 4_096,
  'policy_shadows.pacing': 1_024,
  'decisions.inputs': 24_576,
  'system_events.metadata': 2_048,
  'what_if_runs.asked': 1_024,
  'what_if_runs.plays': 28_672,
  'audit_logs.before_state': 4_096,
  'audit_logs.after_state': 4_096,
} as const;

export type JsonColumn = keyof typeof jsonBytes;

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value) ?? '').length;

/** Whether a value fits in a column, and how many bytes it has. */
export function sizeOf(value: unknown, column: JsonColumn) {
  const bytes = bytesOf(value);
  return { bytes, max: jsonBytes[column], fits: bytes <= jsonBytes[column] };
}

/** The value to store, or its size if it does not fit: data kept only for the record must not fail a report. */
export function fitted<T extends object>(value: T, column: JsonColumn): T | { readonly omitted_bytes: number } {
  const { bytes, fits } = sizeOf(value, column);
  return fits ? value : { omitted_bytes: bytes };
}
