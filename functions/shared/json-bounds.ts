/**
 * The most bytes of JSON that each JSON column is given, by table and column. A row that the Data API has to answer may have
 * 64 KB, whatever is in it: test/functions/shared/row-sizes.test.ts sums the tables.
 */
export const jsonBytes = {
  'agents.disruption_windows': 1_024,
  'instances.recent_reports': 1_024,
  'cleanup_logs.details': 16_384,
  'switches.timing_data': 8_192,
  'replica_instances.tags': 4_096,
  'spot_interruption_events.features': 0, // written by nothing yet
  'pool_states.record': 1_024,
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

/** Whether a value has room in a column, and how many bytes it has. */
export function sizeOf(value: unknown, column: JsonColumn) {
  const bytes = bytesOf(value);
  return { bytes, max: jsonBytes[column], fits: bytes <= jsonBytes[column] };
}

/** A value to be stored; where it has no room, how large it was: what is only kept for the record loses no report. */
export function fitted<T extends object>(value: T, column: JsonColumn): T | { readonly omitted_bytes: number } {
  const { bytes, fits } = sizeOf(value, column);
  return fits ? value : { omitted_bytes: bytes };
}
