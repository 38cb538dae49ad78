import type { DisruptionWindows } from '../core/agent/disruption-windows.ts';
import { nextWindows } from '../core/agent/disruption-windows.ts';
import { workLeft } from '../core/agent/remaining-work.ts';
import { fromDecimalOrNull } from '../shared/decimal.ts';
import type { Agent } from '../shared/schema.ts';
import { iso } from '../shared/time.ts';

/** Windows that are shown ahead. */
const shown = 5;

/** What an agent was promised, when it may be moved, and what it has to do by when, as consoles read it (protocol C21). */
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
    deadline: iso(agent.deadline),
    remainingWorkSeconds: workLeft(agent, now)?.seconds ?? null,
    restartOverheadSeconds: agent.restartOverheadSeconds,
    nextDisruptionWindows: nextWindows(windows, now, shown).map(({ from, to }) => ({
      from: from.toISOString(),
      to: to.toISOString(),
    })),
  };
}
