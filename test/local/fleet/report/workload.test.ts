import { describe, expect, it } from 'vitest';
import type { Instance } from '../../../../local/fleet/ec2/instance.ts';
import { failoversOf } from '../../../../local/fleet/report/failovers.ts';
import { availabilityOf, uptimeOf } from '../../../../local/fleet/report/uptime.ts';
import type { Workload } from '../../../../local/fleet/report/workload.ts';
import { seeded } from '../../../../local/random.ts';
import { t } from '../../../support/fleet/simulated-fleet.ts';

describe('a workload', () => {
  const instance = (id: string, launchedAt: Date, over: Partial<Instance> = {}): Instance => ({
    type: 'm5.large',
    az: 'us-west-2b',
    mode: 'spot',
    agent: 'demo-1',
    cause: { kind: 'start' },
    id,
    amiId: 'ami',
    privateIp: '10.0.0.1',
    publicIp: null,
    launchedAt,
    runningAt: new Date(launchedAt.getTime() + 30_000),
    stoppedAt: undefined,
    interrupted: false,
    ...over,
  });
  const workload = (instances: readonly Instance[], primaryChanges: Workload['primaryChanges']): Workload => ({
    agent: 'demo-1',
    primaryChanges,
    instances: new Map(instances.map((instance) => [instance.id, instance])),
  });
  const is = (instanceId: string, since: string) => ({ instanceId, since: t(since) });

  /** Counts seconds by the definition: down when no instance that is or was the primary serves. */
  function downByCounting({ primaryChanges, instances }: Workload, launchSeconds: number, end: Date): number {
    const isUp = (ms: number) =>
      primaryChanges.some(({ instanceId, since }) => {
        const { launchedAt, stoppedAt } = instances.get(instanceId)!;
        const serves = ms >= since.getTime() && ms >= launchedAt.getTime() + launchSeconds * 1000;
        return serves && (stoppedAt === undefined || ms < stoppedAt.getTime());
      });
    let first = t('00:00:00').getTime();
    while (!isUp(first)) first += 1000;
    let down = 0;
    for (let ms = first; ms < end.getTime(); ms += 1000) if (!isUp(ms)) down++;
    return down;
  }

  /** The pool is lost at 00:05, with notice at 00:03. */
  const recoveries = [
    {
      name: 'a standby that was ready',
      instances: [
        instance('i-a', t('00:00:00'), { stoppedAt: t('00:05:00'), interrupted: true }),
        instance('i-b', t('00:01:00'), { cause: { kind: 'replica', id: 'r' } }),
      ],
      primaryChanges: [is('i-a', '00:00:30'), is('i-b', '00:03:04')],
      down: 0,
      path: 'standby ready',
      seconds: 4,
    },
    {
      name: 'a standby launched on notice',
      instances: [
        instance('i-a', t('00:00:00'), { stoppedAt: t('00:05:00'), interrupted: true }),
        instance('i-b', t('00:03:34'), { cause: { kind: 'replica', id: 'r' } }),
      ],
      primaryChanges: [is('i-a', '00:00:30'), is('i-b', '00:03:34')],
      down: 4, // 00:03:34 + 90 s is 00:05:04
      path: 'standby launched on notice',
      seconds: 34,
    },
    {
      name: 'an on-demand instance',
      instances: [
        instance('i-a', t('00:00:00'), { stoppedAt: t('00:05:00'), interrupted: true }),
        instance('i-b', t('00:04:00'), { mode: 'ondemand', cause: { kind: 'command', id: 'c' } }),
      ],
      primaryChanges: [is('i-a', '00:00:30'), is('i-b', '00:04:35')],
      down: 30,
      path: 'switch to on-demand',
      seconds: 95,
    },
    {
      name: 'an instance in another pool',
      instances: [
        instance('i-a', t('00:00:00'), { stoppedAt: t('00:05:00'), interrupted: true }),
        instance('i-b', t('00:03:20'), { az: 'us-west-2c', cause: { kind: 'command', id: 'c' } }),
      ],
      primaryChanges: [is('i-a', '00:00:30'), is('i-b', '00:03:55')],
      down: 0,
      path: 'switch to another pool',
      seconds: 55,
    },
    {
      name: 'auto recovery',
      instances: [
        instance('i-a', t('00:00:00'), { stoppedAt: t('00:05:00'), interrupted: true }),
        instance('i-b', t('00:10:00'), { mode: 'ondemand', cause: { kind: 'auto recovery' } }),
      ],
      primaryChanges: [is('i-a', '00:00:30'), is('i-b', '00:10:31')],
      down: 390,
      path: 'auto recovery',
      seconds: 451,
    },
    {
      name: 'nothing',
      instances: [instance('i-a', t('00:00:00'), { stoppedAt: t('00:05:00'), interrupted: true })],
      primaryChanges: [is('i-a', '00:00:30')],
      down: 600,
      path: 'not recovered',
      seconds: undefined,
    },
  ] as const;

  it.each(recoveries)('recovers with $name', ({ instances, primaryChanges, down, path, seconds }) => {
    const of = workload(instances, primaryChanges);
    const end = t('00:15:00');
    expect(downByCounting(of, 90, end)).toBe(down);
    const uptime = uptimeOf(of, 90, end);
    expect(uptime).toEqual({ totalSeconds: 900 - 90, downSeconds: down, gaps: down > 0 ? 1 : 0 });
    expect(availabilityOf([uptime])).toBeCloseTo(1 - down / 810, 12);
    expect(availabilityOf([uptime, uptime], 5, 4)).toBeCloseTo(1 - (2 * down + 20) / 1620, 12);
    const interruptions = new Map([['i-a', { noticeAt: t('00:03:00'), endAt: t('00:05:00') }]]);
    expect(failoversOf(of, interruptions)).toEqual([
      { agent: 'demo-1', instanceId: 'i-a', path, noticeAt: t('00:03:00'), seconds },
    ]);
  });

  it('is down for as long as a count of seconds says, whatever instances come and go', () => {
    const random = seeded(3);
    const at = (seconds: number) => new Date(t('00:00:00').getTime() + Math.floor(seconds) * 1000);
    for (let run = 0; run < 50; run++) {
      const instances = Array.from({ length: 6 }, (_, index) => {
        const launched = random() * 1500;
        return instance(`i-${index}`, at(launched), random() < 0.8 ? { stoppedAt: at(launched + random() * 900) } : {});
      });
      const primaryChanges = instances
        .map(({ id, launchedAt }) => ({
          instanceId: id,
          since: new Date(launchedAt.getTime() + Math.floor(random() * 200) * 1000),
        }))
        .toSorted((a, b) => a.since.getTime() - b.since.getTime());
      const of = workload(
        [...instances, instance('i-first', t('00:00:00'), { stoppedAt: t('00:03:00') })],
        [is('i-first', '00:00:30'), ...primaryChanges],
      );
      expect(uptimeOf(of, 90, t('00:30:00')).downSeconds).toBe(downByCounting(of, 90, t('00:30:00')));
    }
  });

  it('recovers with the instance that came up, not with one that failed to boot', () => {
    const of = workload(
      [
        instance('i-a', t('00:00:00'), { stoppedAt: t('00:05:00'), interrupted: true }),
        instance('i-b', t('00:03:10'), { stoppedAt: t('00:03:35'), cause: { kind: 'replica', id: 'r' } }),
        instance('i-c', t('00:15:00'), { mode: 'ondemand', cause: { kind: 'auto recovery' } }),
      ],
      [is('i-a', '00:00:30'), is('i-b', '00:03:10'), is('i-c', '00:15:30')],
    );
    const [failover] = failoversOf(of, new Map([['i-a', { noticeAt: t('00:03:00'), endAt: t('00:05:00') }]]));
    expect(failover).toMatchObject({ path: 'auto recovery', seconds: 750 });
    expect(uptimeOf(of, 90, t('00:20:00')).downSeconds).toBe(downByCounting(of, 90, t('00:20:00')));
  });

  it('is not interrupted when its instance was replaced before the notice', () => {
    const of = workload(
      [
        instance('i-a', t('00:00:00'), { stoppedAt: t('00:05:00'), interrupted: true }),
        instance('i-b', t('00:01:00'), { mode: 'ondemand', cause: { kind: 'command', id: 'c' } }),
      ],
      [is('i-a', '00:00:30'), is('i-b', '00:01:31')],
    );
    expect(failoversOf(of, new Map([['i-a', { noticeAt: t('00:03:00'), endAt: t('00:05:00') }]]))).toEqual([]);
  });

  it('recovers with a switch that was already under way if the agent began it before the notice', () => {
    const of = workload(
      [
        instance('i-a', t('00:00:00'), { stoppedAt: t('00:05:00'), interrupted: true }),
        instance('i-b', t('00:03:20'), { cause: { kind: 'command', id: 'c' } }),
      ],
      [is('i-a', '00:00:30'), is('i-b', '00:03:55')],
    );
    const notice = new Map([['i-a', { noticeAt: t('00:03:00'), endAt: t('00:05:00') }]]);
    const pathOf = (begunAt: Date) => failoversOf(of, notice, new Map([['i-b', begunAt]])).map(({ path }) => path);
    expect(pathOf(t('00:02:20'))).toEqual(['switch already under way']);
    expect(pathOf(t('00:03:01'))).toEqual(['switch to another pool']);
  });
});
