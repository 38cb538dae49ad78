import { nextWindows } from '../core/agent/disruption-windows.ts';
import type { DecisionInput } from '../core/decision/decision-input.ts';
import { emergencyMs, failedFor, type GateName } from '../core/decision/gates.ts';
import { hourMs, msAfter } from '../shared/time.ts';

/** When a closed gate opens if nothing else happens; `undefined` for one that time alone does not open. */
export function opensAt(gate: GateName | null, input: DecisionInput, now: Date): Date | undefined {
  const { agent, config } = input;
  const after = (at: Date | null, ms: number) => (at ? msAfter(at, ms) : undefined);
  switch (gate) {
    case 'disruption_window':
      return nextWindows(config.disruptionWindows, now, 1)[0]?.from;
    case 'pool_duration':
      return after(agent.lastSwitchAt, config.minPoolDurationHours * hourMs);
    case 'recent_emergency':
      return after(agent.lastEmergencyAt, emergencyMs);
    case 'recent_failure':
      return after(agent.lastFailedSwitchAt, failedFor(input));
    default:
      return undefined;
  }
}
