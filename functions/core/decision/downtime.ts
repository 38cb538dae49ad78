import type { RecordedLoss, RecordedSwitch } from '../agent/state.ts';
import type { Downtime, Timing } from './policy-a/input.ts';

interface Recorded {
  readonly switches: readonly RecordedSwitch[];
  readonly losses: readonly RecordedLoss[];
}

/**
 * What an agent was down for, by our own record: each change of its primary at least a cutover, and each primary that EC2 took as
 * long as nothing served after its end. A loss that no switch followed counts when it was replaced.
 * @param switches oldest first
 * @returns seconds, at the times of the changes; in no order
 */
export function downtimeOf({ switches, losses }: Recorded, timing: Timing): Downtime[] {
  const answers = losses.map((loss) => ({
    loss,
    answer: switches.findLast((one) => one.oldInstanceId === loss.instanceId),
  }));
  const ofSwitches = switches.map((one) => {
    const lost = answers.filter(({ answer }) => answer === one).map(({ loss }) => gapOf(loss, one.launchedAt, timing));
    const cutover = one.isEmergency ? timing.failoverCutover : timing.plannedCutover;
    // A report that says less has not measured it.
    return { at: one.at, seconds: Math.max(one.seconds, cutover + Math.max(0, ...lost)) };
  });
  const withoutSwitch = answers
    .filter(({ answer }) => !answer)
    .map(({ loss }) => ({ at: loss.replacedAt, seconds: timing.failoverCutover + gapOf(loss, null, timing) }));
  return [...ofSwitches, ...withoutSwitch];
}

/**
 * Seconds from the end of an instance until its successor served. One that takes over while it boots serves a launch's time after
 * it was launched; agents' clocks may be ahead, so the launch counts as no later than the change.
 */
function gapOf({ endedAt, replacedAt }: RecordedLoss, launchedAt: number | null, { launch }: Timing): number {
  const bootedAt = launchedAt === null ? replacedAt : Math.min(launchedAt, replacedAt) + launch;
  return Math.max(0, Math.max(replacedAt, bootedAt) - endedAt);
}
