import { describe, expect, it } from 'vitest';
import { restSeconds, staggered, untilTruePhase } from '../../../../local/fleet/agents/cadence.ts';
import {
  FakeControlPlane,
  heartbeat,
  pendingCommands,
  pricingReport,
} from '../../../support/fleet/fake-control-plane.ts';
import { later, market, simulatedFleet, t } from '../../../support/fleet/simulated-fleet.ts';

const api = FakeControlPlane.use();

describe('cadence', () => {
  const rest = (loop: 'heartbeat' | 'pendingCommands' | 'cleanup', now: Date, busyUntil = market.start, index = 1) =>
    restSeconds(staggered(1800, index), loop, loop === 'cleanup' ? 3600 : 30, now, busyUntil);

  it('polls at its own intervals while something happens', () => {
    expect(rest('heartbeat', t('00:00:00'), t('00:10:00'))).toBe(30);
    expect(restSeconds({ kind: 'true' }, 'heartbeat', 30, t('00:00:00'), market.start)).toBe(30);
  });

  it('polls once per common period otherwise, and for commands 90 s after it reports prices', () => {
    expect(later(t('00:00:07'), rest('heartbeat', t('00:00:07')))).toEqual(t('00:06:00'));
    expect(later(t('00:06:00'), rest('heartbeat', t('00:06:00')))).toEqual(t('00:36:00'));
    expect(later(t('00:06:00'), rest('pendingCommands', t('00:06:00')))).toEqual(t('00:07:30'));
    expect(later(t('00:06:00'), rest('cleanup', t('00:06:00')))).toEqual(t('01:06:00'));
  });

  it('polls rarely while nothing happens, and at its own intervals around a command', async () => {
    const { run } = simulatedFleet(api, { pollSeconds: 1800 });
    await run(7200);
    const beats = api.to(heartbeat).map(({ at }) => at);
    expect(beats.filter((at) => at < 600).length).toBeGreaterThan(15);
    expect(beats.filter((at) => at > 1000)).toEqual([1800, 3600, 5400, 7200]);
    api.queue();
    await run(9600);
    const after = api.to(heartbeat).filter(({ at }) => at > 7290 && at < 7890);
    expect(after.length).toBeGreaterThan(30);
    const reports = api.to(pricingReport).map(({ at }) => at);
    const polls = api.to(pendingCommands).map(({ at }) => at);
    expect(polls).toContain(reports.find((at) => at === 3600)! + 90);
  });

  it('wakes a loop at a time when it would have run at its own interval', () => {
    const next = (time: string) =>
      t(time).getTime() / 1000 + untilTruePhase('demo-1', 'launchingReplicas', 30, t(time));
    expect((next('00:10:07') - next('00:00:00')) % 30).toBe(0);
    for (const time of ['00:00:00', '00:00:17', '00:00:29'])
      expect(untilTruePhase('demo-1', 'launchingReplicas', 30, t(time))).toBeLessThan(30);
  });
});
