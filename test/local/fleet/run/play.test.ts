import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOptions, type StartOptions } from '../../../../local/fleet/run/options.ts';
import { play } from '../../../../local/fleet/run/play.ts';
import { Progress } from '../../../../local/fleet/run/progress.ts';
import { queryOver } from '../../../../local/fleet/run/query.ts';
import { createTenant } from '../../../../local/fleet/run/tenant.ts';
import { type Market, shiftMarket } from '../../../../local/market/market.ts';
import { Rig } from '../../../support/rig/rig.ts';

const t = (text: string) => new Date(`2026-03-02T${text}Z`);

/** Two pools. The cheap one is lost after a quarter of an hour. */
const market: Market = {
  instanceType: 'm5.large',
  region: 'us-west-2',
  onDemandPrice: 0.1,
  start: t('00:00:00'),
  end: t('00:45:00'),
  notes: [],
  pools: [
    {
      az: 'us-west-2b',
      steps: [{ from: t('00:00:00').getTime(), price: 0.01 }],
      capacity: [
        { from: t('00:00:00').getTime(), count: 9 },
        { from: t('00:15:00').getTime(), count: 0 },
      ],
    },
    {
      az: 'us-west-2c',
      steps: [{ from: t('00:00:00').getTime(), price: 0.03 }],
      capacity: [{ from: t('00:00:00').getTime(), count: 9 }],
    },
  ],
};

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

/** Plays some minutes of the market on a day of its own, against the real control plane, and reads what that recorded. */
async function played(day: number, minutes: number, ...args: string[]) {
  const { url, adminToken, dataApi, scheduler, postEvents, deadLetters, ec2 } = rig.controlPlane;
  const fleet = ['--agents', '2', '--v32-share', '1', '--poll', '30m'];
  const options = readOptions(['--availability', 'trace.json', ...fleet, ...args]) as StartOptions;
  const today = shiftMarket(market, day * 86_400_000);
  const tenant = await createTenant(url, adminToken, `events ${day}`, options.availabilityTarget ?? 'none');
  const lines: string[] = [];
  const {
    interruptions,
    terminations,
    fleet: played,
    leakCheck,
  } = await play({
    options,
    market: today,
    start: today.start,
    end: new Date(today.start.getTime() + minutes * 60_000),
    clock: rig.clock,
    url,
    tenant,
    query: queryOver(dataApi.url),
    onMinute: () => scheduler.runDue(),
    postEvents,
    deadLetters,
    ec2,
    progress: new Progress({ write: () => true } as unknown as NodeJS.WriteStream),
    log: (line) => lines.push(line),
    signal: new AbortController().signal,
  });
  const notices = await rig.db
    .selectFrom('spotInterruptionEvents')
    .select(['instanceId', 'detectedAt'])
    .where('clientId', '=', tenant.id)
    .where('signalType', '=', 'termination-notice')
    .execute();
  const sources = lines.flatMap((line) => / interrupted: .*notice received from (.*)$/.exec(line)?.[1] ?? []);
  return { interruptions: interruptions!, terminations, notices, sources, ledger: played.ledger, leakCheck };
}

describe('an interruption of agents of version 3.2', () => {
  it('reaches the control plane once, within seconds of the notice, through EventBridge alone', async () => {
    const { interruptions, notices, sources } = await played(0, 17, '--event-loss', '0', '--event-duplicates', '0.5');
    expect(interruptions.failovers).toHaveLength(2);
    expect(notices.map(({ instanceId }) => instanceId).toSorted()).toEqual(
      interruptions.failovers.map(({ instanceId }) => instanceId).toSorted(),
    );
    for (const { detectedAt } of notices) expect(detectedAt).toEqual(t('00:13:00'));
    expect(interruptions.events).toMatchObject({ lost: 0, delayed: 0, deadLetters: 0 });
    expect(interruptions.events!.sent.get('notice')).toBe(2);
    expect(interruptions.events!.duplicated).toBeGreaterThan(0);
    expect(sources).toEqual(['EventBridge', 'EventBridge']);
    expect(interruptions.doublePrimaries).toEqual([]);
  });

  it('does not reach the control plane when the tenant forwards no events', async () => {
    const { interruptions, terminations, notices, sources } = await played(1, 45, '--events', 'false');
    expect(interruptions.failovers).toHaveLength(2);
    expect(notices).toEqual([]);
    expect(interruptions.events).toBeUndefined();
    expect(sources).toEqual(['nobody', 'nobody']);
    // Nobody reports the instances that EC2 interrupted, so the control plane asks EC2.
    expect(terminations).toMatchObject({ confirmed: 4, unconfirmed: 0, describeCalls: expect.any(Number) });
    expect(terminations.describeCalls).toBeGreaterThan(0);
  });
});

describe('an interruption of agents of the merged kind', () => {
  it('is handled as any other: a standby takes over, no agent has two primaries, and no instance leaks', async () => {
    const merged = ['--v32-share', '0', '--merged-share', '1'];
    const { interruptions, ledger, leakCheck, sources } = await played(2, 45, ...merged);
    expect(interruptions.failovers).toHaveLength(2);
    expect(interruptions.doublePrimaries).toEqual([]);
    expect(sources).toHaveLength(2);
    expect(leakCheck).toMatchObject({ primaries: 2, agentsWithoutPrimary: 0, leaked: [] });
    // The standbys to launch came with responses to heartbeats.
    const asked = (route: string) => ledger.routes.get(`${route} /api/agents/{agent_id}/replicas`)?.requests ?? 0;
    expect(ledger.kinds.get('4.1.0')!.requests).toBe(ledger.requests);
    expect(asked('GET')).toBeLessThan(2 * 8);
    expect(ledger.routes.get('PUT /api/agents/{agent_id}/replicas/{replica_id}')!.requests).toBeGreaterThanOrEqual(2);
  });
});
