import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { JobName } from '../../functions/jobs.ts';
import { detailTypes } from '../../functions/spot-events/ec2-events.ts';
import { type Invoke, lambdaHost } from '../../local/aws/lambda-host.ts';
import { Accounts, brokenRules, inWords, type Outcome, outcomeOf, rowsOf } from '../support/invariants.ts';
import { Killed, killAt, LambdaProcess } from '../support/lambda-process.ts';
import { Machine } from '../support/machine.ts';
import { type Answer, Rig, type Tenant } from '../support/rig.ts';

// A function is killed after each call that it makes to the Data API. Nothing is stored between two calls, so these are
// all the states that its end can leave behind, but for the one in which it has done nothing yet.

const account = '123456789012';
let rig: Rig;
let tenant: Tenant;
let accounts: Accounts;

beforeAll(async () => {
  const say = console.error;
  vi.spyOn(console, 'error').mockImplementation((...words) => {
    if (!words.some((word) => word instanceof Killed)) say(...words);
  });
  rig = await Rig.start({}, { functions: invoke, dataApiLimits: { statementMs: 400 } });
  accounts = await Accounts.open();
  await lambdas.compile('replica', 'agent', 'jobs', 'spot-events');
  const name = `Tenant ${randomUUID()}`;
  const { body } = await rig.asAdmin('POST', '/api/admin/clients/create', { name, aws_account_id: account });
  tenant = { id: body.client.id, name, token: body.client.token };
});
afterEach(async () => {
  watch?.();
  await pass(heldByJob);
  if (agentId) await accounts.forget(agentId);
});
afterAll(async () => {
  await lambdas.close();
  await accounts.close();
  await rig.stop();
  vi.restoreAllMocks();
});

/** The Data API ends a transaction that nobody has used for three minutes. */
async function pass(seconds: number) {
  rig.pass(seconds);
  await rig.controlPlane.dataApi.expire();
}

const lambdas = new LambdaProcess();
const host = lambdaHost();
/** Told when the call that runs next is killed. */
let onKilled: (() => Promise<void>) | undefined;
/** Ends the watch for the moment to kill. */
let watch: (() => boolean) | undefined;
/** The function that ran last. */
let ran = '';
let agentId = '';

/** A call that is to be killed runs in a process of its own; all others, which need not be waited for, in this one. */
const invoke: Invoke = async (name, event, invocation) => {
  ran = name;
  if (isRedelivered(event)) await pass(95); // SQS hides a message for a minute, and is read again some time after that
  const tell = onKilled;
  onKilled = undefined;
  if (!tell) return host(name, event, invocation);
  try {
    return await lambdas.invoke(name, event, invocation);
  } catch (error) {
    if (error instanceof Killed) await tell();
    throw error;
  }
};

function isRedelivered(event: unknown) {
  const [message] = (event as { Records?: { attributes: Record<string, string> }[] }).Records ?? [];
  return Number(message?.attributes.ApproximateReceiveCount) > 1;
}

// --- Who calls ---------------------------------------------------------------------------------------------------------

/** What a caller is told. */
interface Reply {
  readonly status: number;
  readonly body?: unknown;
}
type Act = () => Promise<Reply>;

/** An agent and its machines; an act finds in it what it was arranged with. */
interface Scene {
  /** The first primary. */
  readonly old: Machine;
  readonly standby: Machine;
  /** Of the standby. */
  readonly id: string;
  /** The successor in a switch. */
  readonly next: Machine;
}

const at = (seconds: number) => new Date(rig.clock.now().getTime() + seconds * 1000).toISOString();

const call = (send: () => Promise<Answer>) => async () => {
  const { status, body } = await send();
  return { status, body };
};
const promote = ({ old, id }: Scene) => call(() => old.promoteReplica(id));
const demote = ({ old, id }: Scene) => call(() => old.promoteReplica(id, { demote_old_primary: true }));
const put = ({ old, id, standby }: Scene) => call(() => old.putReplica(id, standby.id));
const ready = ({ old, id }: Scene) => call(() => old.replicaStatus(id, 'ready'));
const failed = ({ old, id }: Scene) => call(() => old.replicaStatus(id, 'failed'));
const register = ({ next }: Scene) => call(() => next.register());
const mayEnd = ({ old }: Scene) => call(() => old.emergency('rebalance-recommendation'));

// What names times is said again with the same ones.
const isToEnd = ({ old }: Pick<Scene, 'old'>) => {
  const claims = { termination_time: at(120) };
  return call(() => old.emergency('termination-notice', claims));
};
const ends = ({ old }: Pick<Scene, 'old'>) => {
  const claims = { termination_time: at(120), detected_at: at(0) };
  return call(() => old.terminationImminent(claims));
};
const standbyEnds = ({ standby }: Scene) => ends({ old: standby });
const report = ({ old, next }: Scene, more: Record<string, string> = {}) => {
  const timing = { switch_initiated_at: at(-40), new_instance_ready_at: at(-3), traffic_switched_at: at(-3), ...more };
  return call(() => old.switchReport(next, { prices: { old_spot: 0.05, new_spot: 0.04 }, timing }));
};
const reportWithEnd = (scene: Scene) => report(scene, { old_instance_terminated_at: at(0) });

/** EventBridge brings it until it is taken in. */
function warning({ old }: Scene) {
  const event = {
    version: '0',
    id: randomUUID(),
    'detail-type': detailTypes.interruption,
    source: 'aws.ec2',
    account,
    time: at(0).replace(/\.\d+Z$/, 'Z'),
    region: 'us-east-1',
    resources: [],
    detail: { 'instance-id': old.id, 'instance-action': 'terminate' },
  };
  return async () => {
    await rig.controlPlane.postEvents([event]);
    return { status: 200, body: rig.controlPlane.deadLetters };
  };
}

/** A job says nothing of a single agent, so neither that anything was done for it nor that nothing was. */
const accepted = 202;
const job = (name: JobName) => () => async () => {
  try {
    await rig.runJob(name);
    return { status: accepted };
  } catch (error) {
    if (error instanceof Killed) return { status: 500 };
    if ((error as Error).name === 'DatabaseError') return { status: 503 }; // it is due again in a minute
    throw error;
  }
};
const coordinate = job('coordinate-replicas');
const sweep = job('sweep-commands');

// --- What is so before -------------------------------------------------------------------------------------------------

const instanceId = () => `i-0${randomBytes(8).toString('hex')}`;
let types = 0;

/** A spot primary of a type of its own, which knows the prices of the zones given. */
async function alone(zones = 'abc') {
  const old = await rig.primary({ instanceId: instanceId(), type: `c${++types}.large`, mode: 'spot' }, tenant);
  await old.report(0.1, Object.fromEntries([...zones].map((zone, i) => [`us-east-1${zone}`, 0.05 - i / 100])));
  return { old };
}
const inTheOnlyPool = () => alone('a');

/** The machine that the primary is asked to launch runs, and nobody has been told. */
async function launched({ old }: Pick<Scene, 'old'>) {
  const [wanted] = (await old.listReplicas('launching')).body.replicas;
  return { old, id: wanted.id as string, standby: old.successor({ az: wanted.az, instanceId: instanceId() }) };
}

async function withStandby(status: 'syncing' | 'ready' = 'ready') {
  const { old } = await alone();
  await old.emergency('rebalance-recommendation');
  const { id, standby } = await launched({ old });
  await old.putReplica(id, standby.id);
  await standby.register();
  if (status === 'ready') await old.replicaStatus(id, 'ready');
  return { old, id, standby };
}

/** EC2 takes the machine while another one boots. */
async function awaited() {
  const { old } = await alone();
  await isToEnd({ old })();
  await ends({ old })();
  return launched({ old });
}

/** EC2 takes the machine; another one has taken over, of which nobody has heard yet. */
async function tookOver() {
  const scene = await awaited();
  await scene.old.putReplica(scene.id, scene.standby.id);
  rig.pass(15);
  return scene;
}

/** EC2 takes the machine, and what its standby said crossed that, so that neither heard of the other. */
async function crossed() {
  const { old, id, standby } = await withStandby('syncing');
  await isToEnd({ old })();
  await old.set({ pendingTerminationInstance: old.id, pendingTerminationAt: new Date(at(120)) });
  return { old, id, standby };
}

/** A switch that the agent carries out. */
async function switching() {
  const { old } = await alone();
  await old.queueSwitch(`${old.facts.type}.us-east-1b`);
  await old.pendingCommands();
  return { old, next: old.successor({ az: 'us-east-1b', instanceId: instanceId() }) };
}
async function succeeded() {
  const { old, next } = await switching();
  await next.register();
  return { old, next };
}
/** Nobody has reported the switch by the time at which its command runs out. */
async function unreported() {
  const scene = await succeeded();
  rig.pass(1200);
  return scene;
}

// --- The matrix --------------------------------------------------------------------------------------------------------

interface Row {
  readonly name: string;
  /** At which it is killed: after each of its calls. */
  readonly points: number;
  readonly arrange: () => Promise<Pick<Scene, 'old'> & Partial<Scene>>;
  /** What is killed. */
  readonly act: (scene: Scene) => Act;
  /** What comes after it, at once and again when the dead process holds nothing any more: the same, if left out. */
  readonly next?: (scene: Scene) => Act;
  /** What is so when it is done. */
  readonly leaves: Partial<Outcome>;
  /** For how many seconds a dead process holds what it has taken. */
  readonly heldFor?: number;
}

const heldByTransaction = 181;
const heldByJob = 301;

const failedOver = {
  machines: { old: 'zombie', standby: 'running_primary*' },
  standbys: ['promoted'],
  switches: ['emergency'],
  notices: ['created-replica', 'promoted-replica, done'],
  told: ['failover_completed'],
};
const finished = { ...failedOver, notices: ['promoted-replica, done'] };
const triedNext = {
  machines: { old: 'running_primary*' },
  standbys: ['failed', 'launching'],
  notices: ['created-replica'],
  told: ['replica_failed'],
};
const givenBack = {
  machines: { old: 'running_primary*', standby: 'terminated' },
  standbys: ['failed', 'launching'],
  switches: ['emergency'],
  notices: ['failover-undone'],
  told: ['failover_undone'],
};
const promoted = { ...failedOver, switches: ['manual'], notices: ['created-replica'], told: ['replica_promoted'] };
const swapped = {
  ...promoted,
  machines: { old: 'running_replica', standby: 'running_primary*' },
  standbys: ['promoted', 'ready'],
};
const prepared = {
  machines: { old: 'running_primary*' },
  standbys: ['launching'],
  notices: ['created-replica'],
  told: ['termination_notice'],
};
const recommended = { ...prepared, told: ['rebalance_recommendation'] };
const sentAway = { ...prepared, standbys: [], notices: ['on-demand'], commands: ['pending'] };
const lost = {
  machines: { old: 'running_primary*', standby: 'terminated' },
  standbys: ['failed'],
  notices: ['created-replica', 'standby-lost'],
  told: ['standby_interrupted'],
};
const switched = {
  machines: { old: 'zombie', next: 'running_primary*' },
  switches: ['manual'],
  commands: ['completed'],
  told: ['switch_completed'],
};
const ended = { ...switched, machines: { old: 'terminated', next: 'running_primary*' } };
const bound = { machines: switched.machines, commands: ['dispatched'] };

// biome-ignore format: a table.
const rows: readonly Row[] = [
  { name: 'R3 promote', points: 8, arrange: withStandby, act: promote, leaves: promoted },
  { name: 'R3 promote that keeps the old primary', points: 9, arrange: withStandby, act: demote, leaves: swapped },
  { name: 'R9 with a standby', points: 8, arrange: withStandby, act: ends, leaves: failedOver },
  { name: 'R9 with a standby, once; EventBridge says it too', points: 8, arrange: withStandby, act: ends, next: warning, leaves: failedOver },
  { name: 'R9 without a standby', points: 8, arrange: alone, act: ends, leaves: prepared },
  { name: 'R9 without a standby, once; EventBridge says it too', points: 8, arrange: alone, act: ends, next: warning, leaves: prepared },
  { name: 'R9 with no pool left', points: 8, arrange: inTheOnlyPool, act: ends, leaves: sentAway },
  { name: "R9 of a standby's own machine", points: 6, arrange: withStandby, act: standbyEnds, leaves: lost },
  { name: 'R8 of a termination notice', points: 8, arrange: alone, act: isToEnd, leaves: prepared },
  { name: 'R8 of a termination notice, once; R9 follows', points: 8, arrange: alone, act: isToEnd, next: ends, leaves: prepared },
  { name: 'R8 of a rebalance recommendation', points: 8, arrange: alone, act: mayEnd, leaves: recommended },
  { name: 'R5 PUT of the machine that a failover waits for', points: 8, arrange: awaited, act: put, leaves: finished },
  { name: 'R6 "ready" of the standby that a failover waits for', points: 8, arrange: crossed, act: ready, leaves: failedOver },
  { name: 'R6 "ready", once; coordinate-replicas sees it too', points: 8, arrange: crossed, act: ready, next: coordinate, leaves: failedOver },
  { name: 'R6 "failed" of the standby that a failover waits for', points: 8, arrange: awaited, act: failed, leaves: triedNext },
  { name: 'R6 "failed" of the machine that has taken over', points: 11, arrange: tookOver, act: failed, leaves: givenBack },
  { name: "EventBridge's interruption warning", points: 8, arrange: withStandby, act: warning, leaves: failedOver },
  { name: 'A7 switch report', points: 8, arrange: switching, act: report, leaves: switched },
  { name: 'A7 switch report after its successor has registered', points: 8, arrange: succeeded, act: report, leaves: switched },
  { name: 'A7 switch report of a machine that is gone', points: 8, arrange: switching, act: reportWithEnd, leaves: ended },
  { name: 'A1 register of the successor in a switch', points: 9, arrange: switching, act: register, leaves: bound },
  { name: 'coordinate-replicas that finishes a failover', points: 15, arrange: crossed, act: coordinate, leaves: failedOver, heldFor: heldByJob },
  { name: 'sweep-commands that infers a switch', points: 11, arrange: unreported, act: sweep, leaves: switched, heldFor: heldByJob },
];

/** A moment of a run: what was said last, and what is there then. */
interface Moment {
  readonly reply?: Reply;
  readonly said: string;
  readonly rows: readonly string[];
  readonly broken: readonly string[];
  readonly outcome: Outcome;
}

/** The process that is killed next: it starts while others are waited for. */
let warmed = Promise.resolve();

/** @param n after which call the process is killed; left out, it is left alone */
async function play({ arrange, act, next, heldFor = heldByTransaction }: Row, n?: number) {
  rig.controlPlane.gateway.forgetAuthorizations(); // what it remembers from now on lasts for all of the run
  const scene = (await arrange()) as Scene;
  const { agentId: id, facts } = scene.old;
  agentId = id;
  const machines = Object.entries(scene).filter(([, value]) => value instanceof Machine);
  const names = new Map(machines.map(([name, machine]) => [machine.id as string, name]));
  const words = inWords(new Map([...names, [facts.logicalId, 'agent'], [facts.type, 'type']]));
  const before = await accounts.read(id);
  const look = async (reply?: Reply): Promise<Moment> => {
    const now = await accounts.read(id);
    const broken = brokenRules(now, before);
    return { reply, said: words(reply), rows: rowsOf(now, words), broken, outcome: outcomeOf(now, before, names) };
  };
  const once = act(scene);
  const after = next?.(scene) ?? once;

  let killed: Moment | undefined;
  await warmed;
  if (n !== undefined) {
    watch = killAt(rig.controlPlane.dataApi, lambdas, n, 'after');
    onKilled = async () => {
      killed = await look();
    };
  }
  const first = await look(await once());
  watch?.();
  warmed = lambdas.warm(ran);
  const again = await look(await after());
  await pass(heldFor);
  const last = await look(await after());
  await accounts.forget(id);
  return { before: rowsOf(before, words), killed, first, again, last };
}

/** What a caller may be told instead of an answer: by us, or by the gateway where a function ended. */
const refusals = [500, 503];
const nothing = { standbys: [], switches: [], notices: [], commands: [], told: [] };

type Rows = readonly string[];
/** The state that it is; where it is none of those that may be, the last one, so that the difference is shown. */
const oneOf = (states: readonly Rows[], rows: Rows) =>
  states.find((state) => `${state}` === `${rows}`) ?? states.at(-1);

/** What may come of it where nobody is killed. */
async function undisturbed(row: Row) {
  const whole = await play(row);
  expect(whole.first.outcome).toEqual({ ...nothing, ...row.leaves });
  expect(whole.again.rows).toEqual(whole.first.rows);
  // Another one that does it instead leaves what that one leaves.
  const runs = row.next ? [whole, await play({ ...row, act: row.next })] : [whole];
  const replies = runs.flatMap(({ first, again, last }) => [first, again, last]);
  expect(replies.filter(({ reply }) => reply!.status >= 300)).toEqual([]);
  return {
    answers: replies.map(({ said }) => said),
    done: runs.map(({ first }) => first.rows),
    end: runs.map(({ last }) => last.rows),
  };
}

it.each(
  rows.map((row) => [row.name, row.points, row] as const),
)('%s, killed after each of its %i calls, is all or nothing, and in the end done once', async (_name, _points, row) => {
  const { answers, done, end } = await undisturbed(row);
  let points = 0;
  for (let n = 1; ; n += 1) {
    const { before, killed, first, again, last } = await play(row, n);
    if (!killed) break;
    points += 1;
    const when = `killed after call ${n}`;
    let previous: Rows = before;
    for (const { reply, said, rows, broken } of [killed, first, again]) {
      expect(broken, when).toEqual([]);
      const isDone = reply !== undefined && reply.status < accepted;
      if (isDone) expect(answers, when).toContain(said);
      else expect([undefined, accepted, ...refusals], `${when}: ${said}`).toContain(reply?.status);
      expect(rows, when).toEqual(oneOf(isDone ? done : [previous, ...done], rows));
      previous = rows;
    }
    expect(last.broken, when).toEqual([]);
    expect(answers, when).toContain(last.said);
    expect(last.rows, when).toEqual(oneOf(end, last.rows));
  }
  expect(points).toBe(row.points);
});

it('holds up the jobs of no other agent while what it held is not let go', async () => {
  // Where it thinks that there are only a few rows the database reads and locks them all, instead of those that the keys
  // lead to.
  const crowd = await Promise.all(Array.from({ length: 30 }, () => withStandby()));
  const [held, other] = [await withStandby(), await crossed()];
  const silent = await alone();
  await rig.runJob('decide');
  await accounts.count();
  agentId = held.old.agentId;
  await other.old.heartbeat();
  watch = killAt(rig.controlPlane.dataApi, lambdas, 6, 'after');
  onKilled = async () => {};
  expect((await promote(held as Scene)()).status).toBe(500);
  watch();
  rig.pass(125);
  await Promise.all(crowd.map(({ old }) => old.heartbeat()));
  await other.old.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.04 });
  for (const name of ['coordinate-replicas', 'expire-agents', 'decide'] as const)
    expect(await job(name)()(), name).toEqual({ status: accepted });
  expect(await other.old.agentRow()).toMatchObject({ instanceId: other.standby.id, decidedAt: expect.any(Date) });
  expect((await silent.old.agentRow()).status).toBe('offline');
  await pass(heldByTransaction);
  for (const { old } of [other, silent, ...crowd]) await accounts.forget(old.agentId);
});
