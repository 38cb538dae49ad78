import type { RecordedLoss, RecordedSwitch } from '../agent/state.ts';
import type { Downtime, Timing } from './policy-a/input.ts';

interface Recorded {
  readonly switches: readonly RecordedSwitch[];
  readonly losses: readonly RecordedLoss[];
}

/**
 * An agent's downtime by our own record. Each change of its primary counts as at least a cutover. Each primary that EC2
 * took adds the time in which nothing served after its end. A loss that no switch followed counts when the instance was
 * replaced.
 * @param switches oldest first
 * @returns seconds, dated at the changes, in no particular order
 */
export function downtimeOf(recorded: Recorded, timing: Timing): Downtime[] {
  const { switches } = recorded;
  const answers = answersTo(recorded);
  const ofSwitches = switches.map((one) => {
    const lost = answers.filter(({ answer }) => answer === one).map(({ loss }) => gapOf(loss, one.launchedAt, timing));
    const cutover = one.isEmergency ? timing.failoverCutover : timing.plannedCutover;
    // A report of less downtime than this did not measure it.
    return { at: one.at, seconds: Math.max(one.seconds, cutover + Math.max(0, ...lost)) };
  });
  const withoutSwitch = answers
    .filter(({ answer }) => !answer)
    .map(({ loss }) => ({ at: loss.replacedAt, seconds: timing.failoverCutover + gapOf(loss, null, timing) }));
  return [...ofSwitches, ...withoutSwitch];
}

/** The downtime of each loss, in seconds. */
export const lossSeconds = (recorded: Recorded, timing: Timing): number[] =>
  answersTo(recorded).map(({ loss, answer }) =>
    Math.max(answer?.seconds ?? 0, timing.failoverCutover + gapOf(loss, answer?.launchedAt ?? null, timing)),
  );

/** Each loss with the switch that followed it, if one did. */
const answersTo = ({ switches, losses }: Recorded) =>
  losses.map((loss) => ({ loss, answer: switches.findLast((one) => one.oldInstanceId === loss.instanceId) }));

/**
 * Seconds from the end of an instance until its successor served. A successor that takes over while it boots serves one
 * launch time after its launch. Agents' clocks may be ahead, so the launch counts as no later than the replacement.
 */
function gapOf({ endedAt, replacedAt }: RecordedLoss, launchedAt: number | null, { launch }: Timing): number {
  const bootedAt = launchedAt === null ? replacedAt : Math.min(launchedAt, replacedAt) + launch;
  return Math.max(0, Math.max(replacedAt, bootedAt) - endedAt);
}
