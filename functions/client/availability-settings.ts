import type { DisruptionWindows } from '../core/agent/disruption-windows.ts';
import { nextWindows } from '../core/agent/disruption-windows.ts';
import { workLeft } from '../core/agent/remaining-work.ts';
import { fromDecimalOrNull } from '../shared/decimal.ts';
import type { Agent } from '../shared/schema.ts';
import { iso } from '../shared/time.ts';

/** How many upcoming disruption windows are shown. */
const shown = 5;

/** An agent's availability target, disruption windows, deadline and remaining work, for consoles (protocol C21). */
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
