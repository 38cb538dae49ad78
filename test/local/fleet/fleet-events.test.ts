import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readMessage } from '../../../functions/spot-events/events.ts';
import { closeConnections } from '../../../local/fleet/agents/agent-http.ts';
import { Ec2, type Instance, type Interruption } from '../../../local/fleet/ec2/ec2.ts';
import { type EventKind, ec2Event, eventKinds } from '../../../local/fleet/ec2/ec2-events.ts';
import { EventBridge } from '../../../local/fleet/ec2/event-bridge.ts';
import { announcementRows, eventRows } from '../../../local/fleet/report/event-report.ts';
import { Ledger } from '../../../local/fleet/report/ledger.ts';
import { type Fate, type TroubleOptions, Troubles } from '../../../local/fleet/run/fault-plan.ts';
import { Fleet, type FleetOptions } from '../../../local/fleet/run/fleet.ts';
import { readOptions, type StartOptions } from '../../../local/fleet/run/options.ts';
import { play } from '../../../local/fleet/run/play.ts';
import { Progress } from '../../../local/fleet/run/progress.ts';
import { queryOver } from '../../../local/fleet/run/query.ts';
import { Simulation } from '../../../local/fleet/run/simulation.ts';
import { createTenant } from '../../../local/fleet/run/tenant.ts';
import type { Failover } from '../../../local/fleet/run/workloads.ts';
import { type Market, shifted } from '../../../local/market/market.ts';
import { Rig } from '../../support/rig.ts';

const t = (text: string) => new Date(`2026-03-02T${text}Z`);
const account = { id: '111122223333', region: 'us-west-2' };

/** Three hours of two pools; the cheap one is lost after two hours. */
const market: Market = {
  instanceType: 'm5.large',
  region: 'us-west-2',
  onDemandPrice: 0.1,
  start: t('00:00:00'),
  end: t('03:00:00'),
  notes: [],
  pools: [
    {
      az: 'us-west-2b',
      steps: [{ from: t('00:00:00').getTime(), price: 0.01 }],
      capacity: [
        { from: t('00:00:00').getTime(), count: 9 },
        { from: t('02:00:00').getTime(), count: 0 },
      ],
    },
    {
      az: 'us-west-2c',
      steps: [{ from: t('00:00:00').getTime(), price: 0.03 }],
      capacity: [{ from: t('00:00:00').getTime(), count: 9 }],
    },
  ],
};

const machine = new Ec2({ market, seed: 1 }).runInstances(
  { type: 'm5.large', az: 'us-west-2b', mode: 'spot', agent: 'demo-1', cause: { kind: 'command', id: 'c' } },
  t('00:00:00'),
);

const atOnce: Fate['deliveries'] = { rebalance: [0], warning: [0], 'shutting-down': [0], terminated: [0] };
const fateOf = (deliveries: Partial<Fate['deliveries']> = {}): Fate => ({
  diesBooting: false,
  hangsAfter: undefined,
  isToldOfItsEnd: true,
  deliveries: { ...atOnce, ...deliveries },
});

const untroubled: TroubleOptions = {
  bootFailures: 0,
  throttledLaunches: 0,
  eventLoss: 0,
  eventDuplicates: 0,
  hangsPerWeek: 0,
  outagesPerWeek: 0,
  seed: 1,
};

describe('an event of EC2', () => {
  it('looks as EventBridge brings it', () => {
    const { id, ...warning } = ec2Event('warning', machine, account, new Date('2026-03-02T01:58:00.400Z'));
    expect(id).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    expect(warning).toEqual({
      version: '0',
      'detail-type': 'EC2 Spot Instance Interruption Warning',
      source: 'aws.ec2',
      account: '111122223333',
      time: '2026-03-02T01:58:00Z',
      region: 'us-west-2',
      resources: [`arn:aws:ec2:us-west-2b:instance/${machine.id}`],
      detail: { 'instance-id': machine.id, 'instance-action': 'terminate' },
    });
    expect(ec2Event('shutting-down', machine, account, t('02:00:00'))).toMatchObject({
      'detail-type': 'EC2 Instance State-change Notification',
      resources: [`arn:aws:ec2:us-west-2:111122223333:instance/${machine.id}`],
      detail: { 'instance-id': machine.id, state: 'shutting-down' },
    });
  });

  it.each(eventKinds)('of the kind %s is understood', (kind) => {
    const message = {
      body: JSON.stringify(ec2Event(kind, machine, account, t('01:58:00'))),
      attributes: { ApproximateFirstReceiveTimestamp: String(t('01:58:02').getTime()) },
    };
    expect(readMessage(message)).toMatchObject({ event: { time: t('01:58:00') }, now: t('01:58:02') });
  });
});

type Ec2Event = ReturnType<typeof ec2Event>;

/** EventBridge on a simulation of its own, and what it brought when. */
function bridgeOf(outages: readonly { from: Date; to: Date }[] = []) {
  const simulation = new Simulation({ clock: { set: () => {} }, start: market.start });
  const brought: { at: string; event: Ec2Event }[] = [];
  const heard: EventKind[] = [];
  const bridge = new EventBridge({
    simulation,
    account,
    post: async (events) => {
      const { now } = simulation;
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(simulation.now).toEqual(now); // virtual time waits
      for (const event of events) brought.push({ at: now.toISOString().slice(11, 19), event: event as Ec2Event });
    },
    troubles: { outageAt: (now) => outages.find(({ from, to }) => from <= now && now < to) },
    onDelivery: (_, kind) => heard.push(kind),
  });
  const seen = () => brought.map(({ at, event }) => [at, event.time.slice(11, 19), event['detail-type'].slice(4)]);
  return { simulation, bridge, brought, heard, seen };
}

const planned: Interruption = { rebalanceAt: t('01:00:00'), noticeAt: t('01:58:00'), endAt: t('02:00:00') };
const warning = 'Spot Instance Interruption Warning';
const recommendation = 'Instance Rebalance Recommendation';
const change = 'Instance State-change Notification';

describe('EventBridge', () => {
  it('brings what EC2 announces, and both states of a machine that stops', async () => {
    const { simulation, bridge, seen, heard } = bridgeOf();
    bridge.launched(machine, planned, fateOf({ rebalance: [3], warning: [2] }));
    await simulation.run(t('02:00:00'));
    bridge.stopped(machine);
    await simulation.run(t('03:00:00'));
    expect(seen()).toEqual([
      ['01:00:03', '01:00:00', recommendation],
      ['01:58:02', '01:58:00', warning],
      ['02:00:00', '02:00:00', change],
      ['02:00:20', '02:00:20', change],
    ]);
    expect(heard).toEqual(['rebalance', 'warning', 'shutting-down', 'terminated']);
  });

  it('announces nothing of a machine that has stopped', async () => {
    const { simulation, bridge, heard } = bridgeOf();
    bridge.launched(machine, planned, fateOf());
    await simulation.run(t('01:30:00'));
    bridge.stopped(machine);
    await simulation.run(t('03:00:00'));
    expect(heard).toEqual(['rebalance', 'shutting-down', 'terminated']);
  });

  it('loses events, and brings others twice: the same event', async () => {
    const { simulation, bridge, brought, seen } = bridgeOf();
    bridge.launched(machine, planned, fateOf({ rebalance: [], warning: [1, 45] }));
    await simulation.run(t('01:59:00'));
    expect(seen().map(([at]) => at)).toEqual(['01:58:01', '01:58:45']);
    expect(brought[1]!.event).toEqual(brought[0]!.event);
    expect(bridge.counts).toMatchObject({ lost: 1, doubled: 1, held: 0 });
    expect([...bridge.counts.sent]).toEqual([
      ['rebalance', 1],
      ['warning', 1],
    ]);
  });

  it('keeps events while the control plane is out of reach', async () => {
    const outage = { from: t('01:57:00'), to: new Date(t('02:03:00').getTime() + 300) };
    const { simulation, bridge, seen } = bridgeOf([outage]);
    bridge.launched(machine, planned, fateOf());
    await simulation.run(t('03:00:00'));
    expect(seen()).toEqual([
      ['01:00:00', '01:00:00', recommendation],
      ['02:03:01', '01:58:00', warning],
    ]);
    expect(bridge.counts.held).toBe(1);
  });
});

describe('what is drawn of events', () => {
  const week = { start: new Date('2024-01-01T00:00:00Z'), end: new Date('2024-01-08T00:00:00Z') };
  const fates = (options: Partial<TroubleOptions>, agent = 'demo-1') => {
    const troubles = new Troubles({ ...untroubled, ...options }, week);
    return Array.from({ length: 500 }, () => troubles.fateOf({ ...machine, agent }));
  };
  const deliveries = (options: Partial<TroubleOptions>) =>
    fates(options).flatMap((fate) => eventKinds.map((kind) => fate.deliveries[kind]));

  it('is up to 3 s late, and lost or doubled as often as was asked for', () => {
    const usual = deliveries({});
    expect(usual.every((delays) => delays.length === 1 && delays[0]! >= 0 && delays[0]! <= 3)).toBe(true);
    expect(new Set(usual.map(([delay]) => Math.round(delay!)))).toEqual(new Set([0, 1, 2, 3]));
    const share = (of: readonly (readonly number[])[], length: number) =>
      of.filter((delays) => delays.length === length).length / of.length;
    const troubled = deliveries({ eventLoss: 0.2, eventDuplicates: 0.1 });
    expect(Math.abs(share(troubled, 0) - 0.2)).toBeLessThan(0.03);
    expect(Math.abs(share(troubled, 2) - 0.8 * 0.1)).toBeLessThan(0.02);
  });

  it('is drawn for each event by itself', () => {
    const lost = fates({ eventLoss: 0.5 }).map(({ deliveries }) =>
      eventKinds.map((kind) => (deliveries[kind].length === 0 ? 'x' : '-')).join(''),
    );
    expect(new Set(lost).size).toBe(16);
  });

  it('is the same for the same seed, agent and launch, and changes no other trouble', () => {
    const some = { eventLoss: 0.2, eventDuplicates: 0.1, bootFailures: 0.3, hangsPerWeek: 2 };
    expect(fates(some)).toEqual(fates(some));
    expect(deliveries(some)).not.toEqual(deliveries({ ...some, seed: 2 }));
    expect(fates(some)).not.toEqual(fates(some, 'demo-2'));
    const others = (options: Partial<TroubleOptions>) => fates(options).map(({ deliveries: _, ...others }) => others);
    expect(others(some)).toEqual(others({ ...some, eventLoss: 0 }));
  });
});

describe('launches that are too many', () => {
  const week = { start: new Date('2024-01-01T00:00:00Z'), end: new Date('2024-01-08T00:00:00Z') };

  it('are refused to agents as often as was asked for, and to nobody else', () => {
    const troubles = new Troubles({ ...untroubled, throttledLaunches: 0.2 }, week);
    const refused = (kind: 'start' | 'owner' | 'replica') =>
      Array.from({ length: 1000 }, () => troubles.isThrottled({ ...machine, cause: { kind, id: 'r' } })).filter(
        Boolean,
      );
    expect(refused('start')).toEqual([]);
    expect(refused('owner')).toEqual([]);
    expect(Math.abs(refused('replica').length / 1000 - 0.2)).toBeLessThan(0.04);
  });

  it('are reported failed by the agent', async () => {
    const { fleet, run } = fleetOf({ troubles: new Troubles({ ...untroubled, throttledLaunches: 1 }, market) });
    command = { id: 'cmd-1', command_type: 'switch', target_mode: 'spot', target_pool_id: 'm5.large.us-west-2b' };
    await run('00:05:00');
    expect(fleet.ec2.instances).toHaveLength(1);
    expect(fleet.ledger).toMatchObject({ throttledLaunches: 1, refusedLaunches: 0 });
    expect(requests.find(({ path }) => path === 'executed')?.body).toEqual({
      success: false,
      message: 'Switch failed',
    });
  });
});

/** Answers as a control plane does that has one command for its agents, and no standby. */
let command: object | undefined;
// biome-ignore lint/suspicious/noExplicitAny: what agents send
let requests: { path: string; at: Date; body: any }[] = [];
let clock = () => market.start;
const server = createServer(async (request, response) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  const body = text === '' ? undefined : JSON.parse(text);
  const path = request.url!.split('/').at(-1)!;
  requests.push({ path, at: clock(), body });
  const answers: Record<string, () => unknown> = {
    register: () => ({ agent_id: `agent~${body.instance_id}`, config: { enabled: true } }),
    'pending-commands': () => [command].filter((pending) => pending),
  };
  response.end(JSON.stringify(answers[path]?.() ?? { success: false }));
  if (path === 'pending-commands') command = undefined;
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve())));
afterEach(() => {
  command = undefined;
  requests = [];
});
afterAll(() => {
  closeConnections();
  server.close();
});

/** One agent, and every event that EventBridge brings of its machines. */
function fleetOf(over: Partial<FleetOptions> = {}) {
  const simulation = new Simulation({ clock: { set: () => {} }, start: market.start });
  clock = () => simulation.now;
  const events: string[] = [];
  const bridge = new EventBridge({
    simulation,
    account,
    post: async () => {},
    troubles: { outageAt: () => undefined },
    onDelivery: ({ id, agent }: Instance, kind) => {
      events.push(`${kind} of ${id}`);
      if (kind === 'warning') fleet.beBusy(agent);
    },
  });
  const fleet = new Fleet({
    simulation,
    market,
    random: () => 0,
    seed: 1,
    agents: 1,
    v32Share: 0,
    pollSeconds: 3600,
    environment: {},
    serverUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clientToken: 'token-x',
    log: () => {},
    interruptionOf: () => ({ noticeAt: t('01:58:00'), endAt: t('02:00:00') }),
    events: bridge,
    ...over,
  });
  fleet.start();
  return { fleet, events, run: (time: string) => simulation.run(t(time)) };
}

describe('the machines of a fleet', () => {
  const toSpot = { id: 'cmd-1', command_type: 'switch', target_mode: 'spot', target_pool_id: 'm5.large.us-west-2b' };
  const untoldFate = { fateOf: () => ({ ...fateOf(), hangsAfter: 3600 }) };

  it('are spoken of also where the agent hangs, or the machine is on demand', async () => {
    command = toSpot;
    const troubles = Object.assign(new Troubles(untroubled, market), untoldFate);
    const { fleet, events, run } = fleetOf({ troubles });
    await run('02:05:00');
    const [first, spot] = fleet.ec2.instances;
    expect(fleet.hangs).toContain(spot!.id);
    fleet.ec2.terminate(first!.id, t('02:05:00'));
    await run('02:10:00');
    const told = (kinds: string[], id: string) => kinds.map((kind) => `${kind} of ${id}`);
    expect(events).toEqual([
      ...told(['warning', 'shutting-down', 'terminated'], spot!.id),
      ...told(['shutting-down', 'terminated'], first!.id),
    ]);
    expect(fleet.ledger.announcers.size).toBe(0);
  });

  it.each([
    [3600, 15],
    [undefined, 15],
  ])('of version 3.2 that poll every %s s ask for commands within %i s of a warning', async (pollSeconds, within) => {
    command = toSpot;
    const { fleet, run } = fleetOf({ v32Share: 1, pollSeconds });
    await run('02:00:00');
    const spot = fleet.ec2.instances.at(-1)!;
    expect(spot.az).toBe('us-west-2b');
    const asked = requests.filter(({ path, at }) => path === 'pending-commands' && at > t('01:58:00'));
    expect(asked[0]!.at.getTime() - t('01:58:00').getTime()).toBeLessThanOrEqual(within * 1000);
    expect(requests.some(({ path }) => path === 'termination-imminent')).toBe(false);
  });

  it('tell of their end themselves in version 4, and are on record as having done so once they were answered', async () => {
    command = toSpot;
    const { fleet, run } = fleetOf();
    await run('02:00:00');
    const spot = fleet.ec2.instances.at(-1)!;
    expect([...fleet.ledger.announcers]).toEqual([[spot.id, ['agent']]]);

    requests = [];
    command = toSpot;
    const isOut = (now: Date) => now >= t('01:58:00') && now < t('02:00:00');
    const silent = fleetOf({ troubles: Object.assign(new Troubles(untroubled, market), { isOut }) });
    await silent.run('02:00:00');
    expect(silent.fleet.ledger.notices.size).toBe(1);
    expect(silent.fleet.ledger.announcers.size).toBe(0);
  });
});

describe('the report', () => {
  it('has nothing of events where nobody forwards them', () => {
    expect(eventRows(undefined)).toEqual([]);
  });

  it('counts events', () => {
    const sent = new Map<EventKind, number>([
      ['warning', 5],
      ['terminated', 7],
    ]);
    expect(eventRows({ sent, lost: 1, doubled: 2, held: 3, deadLetters: 0 })).toEqual([
      ['events by EventBridge', 12],
      ['  rebalance recommendations', 0],
      ['  interruption warnings', 5],
      ['  machines shutting down', 0],
      ['  machines terminated', 7],
      ['  of these lost', 1],
      ['  delivered twice', 2],
      ['  held up by outages', 3],
      ['  dead letters', 0],
    ]);
  });

  it('tells by whom each failover was announced first, and of which nobody else told', () => {
    const ledger = new Ledger();
    const told = {
      a: ['agent', 'EventBridge'],
      b: ['EventBridge', 'agent'],
      c: ['EventBridge'],
      d: ['EventBridge'],
      e: [],
    };
    for (const [id, by] of Object.entries(told))
      for (const announcer of [...by, ...by]) ledger.announced(id, announcer as 'agent');
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
      announcementRows({ ledger, images } as unknown as Fleet, failovers).map(([label, count, note]) => [
        label,
        count,
        note,
      ]),
    ).toEqual([
      ['announced first by the agent', 1, undefined],
      ['announced first by EventBridge', 3, undefined],
      ['  by EventBridge alone', 2, '1 of 3.2.0, 1 of 4.0.0'],
      ['announced by nobody', 1, expect.stringContaining('lost')],
    ]);
  });
});

describe('a fleet of version 3.2 before the control plane', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(() => rig.stop());

  /** Plays the market on a day of its own, and reads what the control plane has on record of it. */
  async function played(day: number, ...args: string[]) {
    const { url, adminToken, dataApi, scheduler, postEvents, deadLetters, ec2 } = rig.controlPlane;
    const fleet = ['--agents', '2', '--v32-share', '1', '--poll', '30m', '--rebalance-share', '0'];
    const options = readOptions(['--availability', 'trace.json', ...fleet, ...args]) as StartOptions;
    const today = shifted(market, day * 86_400_000);
    const tenant = await createTenant(url, adminToken, `events ${day}`);
    const lines: string[] = [];
    const { interruptions, endings } = await play({
      options,
      market: today,
      start: today.start,
      end: today.end,
      clock: rig.clock,
      url,
      tenant,
      query: queryOver(dataApi.url),
      runDueJobs: () => scheduler.runDue(),
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
    const told = lines.flatMap((line) => / interrupted: .*announced by (.*)$/.exec(line)?.[1] ?? []);
    return { interruptions: interruptions!, endings, notices, told };
  }

  it('is heard of within seconds of the notice, through EventBridge alone, once', async () => {
    const { interruptions, notices, told } = await played(0, '--event-loss', '0', '--event-duplicates', '0.5');
    expect(interruptions.failovers).toHaveLength(2);
    expect(notices.map(({ instanceId }) => instanceId).toSorted()).toEqual(
      interruptions.failovers.map(({ instanceId }) => instanceId).toSorted(),
    );
    for (const { detectedAt } of notices) expect(detectedAt).toEqual(t('01:58:00'));
    expect(interruptions.events).toMatchObject({ lost: 0, held: 0, deadLetters: 0 });
    expect(interruptions.events!.sent.get('warning')).toBe(2);
    expect(interruptions.events!.doubled).toBeGreaterThan(0);
    expect(told).toEqual(['EventBridge', 'EventBridge']);
    expect(interruptions.doubles).toEqual([]);
  });

  it('is not heard of where the tenant forwards nothing', async () => {
    const { interruptions, endings, notices, told } = await played(1, '--events', 'false');
    expect(interruptions.failovers).toHaveLength(2);
    expect(notices).toEqual([]);
    expect(interruptions.events).toBeUndefined();
    expect(told).toEqual(['nobody', 'nobody']);
    // Nobody speaks of the machines that EC2 took, so it is asked.
    expect(endings).toMatchObject({ seenGone: 4, unseen: 0, looks: expect.any(Number) });
    expect(endings.looks).toBeGreaterThan(0);
  });
});
