import { describe, expect, it } from 'vitest';
import type { EventKind } from '../../../../local/fleet/ec2/ec2-events.ts';
import { eventRows, noticeSourceRows } from '../../../../local/fleet/report/event-report.ts';
import type { Failover } from '../../../../local/fleet/report/failovers.ts';
import { Ledger } from '../../../../local/fleet/report/ledger.ts';
import type { Fleet } from '../../../../local/fleet/run/fleet.ts';
import { t } from '../../../support/fleet/simulated-fleet.ts';

describe('the report on events', () => {
  it('is empty when events are not forwarded', () => {
    expect(eventRows(undefined)).toEqual([]);
  });

  it('counts events', () => {
    const sent = new Map<EventKind, number>([
      ['notice', 5],
      ['terminated', 7],
    ]);
    expect(eventRows({ sent, lost: 1, duplicated: 2, delayed: 3, deadLetters: 0 })).toEqual([
      ['events through EventBridge', 12],
      ['  rebalance recommendations', 0],
      ['  interruption notices', 5],
      ['  instances shutting down', 0],
      ['  instances terminated', 7],
      ['  lost', 1],
      ['  delivered twice', 2],
      ['  delayed by outages', 3],
      ['  dead letters', 0],
    ]);
  });

  it('says who gave each notice first, and which came from EventBridge only', () => {
    const ledger = new Ledger();
    const told = {
      a: ['agent', 'EventBridge'],
      b: ['EventBridge', 'agent'],
      c: ['EventBridge'],
      d: ['EventBridge'],
      e: [],
    };
    for (const [id, from] of Object.entries(told))
      for (const source of [...from, ...from]) ledger.noticeReceived(id, source as 'agent');
    const images = Object.keys(told).map((id) => ({
      logicalAgentId: `demo-${id}`,
      version: id === 'c' ? '3.2.0' : '4.0.0',
    }));
    const failovers = Object.keys(told).map(
      (id): Failover => ({
        agent: `demo-${id}`,
        instanceId: id,
        path: 'standby ready',
        noticeAt: t('01:58:00'),
        seconds: 1,
      }),
    );
    expect(
      noticeSourceRows({ ledger, images } as unknown as Fleet, failovers).map(([label, count, note]) => [
        label,
        count,
        note,
      ]),
    ).toEqual([
      ['first notice from the agent', 1, undefined],
      ['first notice from EventBridge', 3, undefined],
      ['  only from EventBridge', 2, '1 of 3.2.0, 1 of 4.0.0'],
      ['no notice received', 1, expect.stringContaining('lost')],
    ]);
  });
});
