import type { DisruptionWindows } from '../core/agent/disruption-windows.ts';
import { nextWindows } from '../core/agent/disruption-windows.ts';
import { fromDecimalOrNull } from '../shared/decimal.ts';
import type { Agent } from '../shared/schema.ts';

/** Windows that are shown ahead. */
const shown = 5;

/** What an agent was promised, and when it may be moved, as consoles read it (protocol C21). */
export function availabilitySettings(agent: Agent, now: Date) {
  const windows = agent.disruptionWindows as DisruptionWindows | null;
  const target = fromDecimalOrNull(agent.availabilityTarget);
  return {
    availabilityTarget: target === null ? null : Number((target * 100).toFixed(3)),
    availabilityForm: agent.availabilityForm,
    disruptionWindows: windows && {
      timeZone: windows.timeZone,
      windows: windows.windows.map(({ days, from, to }) => ({ days: [...days], from, to })),
    },
    nextDisruptionWindows: nextWindows(windows, now, shown).map(({ from, to }) => ({
      from: from.toISOString(),
      to: to.toISOString(),
    })),
  };
}
