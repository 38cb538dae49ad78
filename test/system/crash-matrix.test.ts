import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Invoke } from '../../local/aws/lambda-host.ts';
import { TestInstance } from '../support/agents/test-instance.ts';
import { StateReader } from '../support/database/state-reader.ts';
import { deleteAgent, renewStatistics } from '../support/database/tables.ts';
import { inWords, type Outcome, outcomeOf, rowsOf } from '../support/invariants/outcome.ts';
import { brokenRules } from '../support/invariants/serving.ts';
import { KillableFunctions } from '../support/processes/killable-functions.ts';
import type { Tenant } from '../support/rig/api.ts';
import { Rig } from '../support/rig/rig.ts';
import { isTried } from '../support/run/sizes.ts';
import {
  type Act,
  accepted,
  account,
  crashActs,
  crashScenes,
  type Reply,
  type Scene,
} from '../support/scenes/crash-scenes.ts';

// Kills a function after each of its Data API calls. Nothing is stored between two calls, so these are all the states
// that a crash can leave behind, except the one in which it has done nothing yet.

let rig: Rig;
let tenant: Tenant;
let reader: StateReader;
let agentId = '';
const functions = new KillableFunctions();

/** SQS hides a failed message for a minute, and redelivers it some time after that. */
const invoke: Invoke = async (name, event, invocation) => {
  if (isRedelivered(event)) await pass(95);
  return functions.invoke(name, event, invocation);
};

function isRedelivered(event: unknown) {
  const [message] = (event as { Records?: { attributes: Record<string, string> }[] }).Records ?? [];
  return Number(message?.attributes.ApproximateReceiveCount) > 1;
}

beforeAll(async () => {
  rig = await Rig.start({}, { functions: invoke, dataApiLimits: { statementMs: 500 } });
  await functions.open();
  reader = await StateReader.open();
  tenant = await rig.tenant({ aws_account_id: account });
});
afterEach(async () => {
  await pass(heldByJob);
  if (agentId) await deleteAgent(reader.connection, agentId);
});
afterAll(async () => {
  await functions.close();
  await reader.close();
  await rig.stop();
});

/** Lets time pass. The Data API ends a transaction that nobody has used for three minutes. */
async function pass(seconds: number) {
  rig.pass(seconds);
  await rig.controlPlane.dataApi.expire();
}

const { promote, demote, put, ready, failed, register, mayEnd, isToEnd, ends, standbyEnds, ...acts } = crashActs(
  () => rig,
);
const { report, reportWithEnd, warning, job, coordinate, sweep } = acts;
const scenes = crashScenes(
  () => rig,
  () => tenant,
);
const { alone, inTheOnlyPool, withStandby, awaited, tookOver, crossed, switching, succeeded, unreported } = scenes;

// --- The matrix --------------------------------------------------------------------------------------------------------

interface Row {
  readonly name: string;
  /** How many Data API calls it makes; it is killed after each of them. */
  readonly points: number;
  readonly arrange: () => Promise<Pick<Scene, 'old'> & Partial<Scene>>;
  /** The act that is killed. */
  readonly act: (scene: Scene) => Act;
  /** What follows, at once and again when the dead process holds nothing any more. By default the act itself. */
  readonly next?: (scene: Scene) => Act;
  /** The outcome when it is done. */
  readonly leaves: Partial<Outcome>;
  /** How many seconds a dead process keeps its locks or its lease. */
  readonly heldFor?: number;
}

const heldByTransaction = 181;
const heldByJob = 301;

const failedOver = {
  instances: { old: 'zombie', standby: 'running_primary*' },
  standbys: ['promoted'],
  switches: ['emergency'],
  notices: ['created-replica', 'promoted-replica, done'],
  told: ['failover_completed'],
};
const finished = { ...failedOver, notices: ['promoted-replica, done'] };
const triedNext = {
  instances: { old: 'running_primary*' },
  standbys: ['failed', 'launching'],
  notices: ['created-replica'],
  told: ['replica_failed'],
};
const givenBack = {
  instances: { old: 'running_primary*', standby: 'terminated' },
  standbys: ['failed', 'launching'],
  switches: ['emergency'],
  notices: ['failover-undone'],
  told: ['failover_undone'],
};
const promoted = { ...failedOver, switches: ['manual'], notices: ['created-replica'], told: ['replica_promoted'] };
const swapped = {
  ...promoted,
  instances: { old: 'running_replica', standby: 'running_primary*' },
  standbys: ['promoted', 'ready'],
};
const prepared = {
  instances: { old: 'running_primary*' },
  standbys: ['launching'],
  notices: ['created-replica'],
  told: ['termination_notice'],
};
const recommended = { ...prepared, told: ['rebalance_recommendation'] };
const sentAway = { ...prepared, standbys: [], notices: ['on-demand'], commands: ['pending'] };
const lost = {
  instances: { old: 'running_primary*', standby: 'terminated' },
  standbys: ['failed'],
  notices: ['created-replica', 'standby-lost'],
  told: ['standby_interrupted'],
};
const switched = {
  instances: { old: 'zombie', next: 'running_primary*' },
  switches: ['manual'],
  commands: ['completed'],
  told: ['switch_completed'],
};
const ended = { ...switched, instances: { old: 'terminated', next: 'running_primary*' } };
const bound = { instances: switched.instances, commands: ['dispatched'] };

// biome-ignore format: a table.
const rows: readonly Row[] = [
  { name: 'R3 promote', points: 9, arrange: withStandby, act: promote, leaves: promoted },
  { name: 'R3 promote that keeps the old primary', points: 10, arrange: withStandby, act: demote, leaves: swapped },
  { name: 'R9 with a standby', points: 8, arrange: withStandby, act: ends, leaves: failedOver },
  { name: 'R9 with a standby, once; EventBridge says it too', points: 8, arrange: withStandby, act: ends, next: warning, leaves: failedOver },
  { name: 'R9 without a standby', points: 8, arrange: alone, act: ends, leaves: prepared },
  { name: 'R9 without a standby, once; EventBridge says it too', points: 8, arrange: alone, act: ends, next: warning, leaves: prepared },
  { name: 'R9 with no pool left', points: 8, arrange: inTheOnlyPool, act: ends, leaves: sentAway },
  { name: "R9 of a standby's own instance", points: 6, arrange: withStandby, act: standbyEnds, leaves: lost },
  { name: 'R8 of a termination notice', points: 8, arrange: alone, act: isToEnd, leaves: prepared },
  { name: 'R8 of a termination notice, once; R9 follows', points: 8, arrange: alone, act: isToEnd, next: ends, leaves: prepared },
  { name: 'R8 of a rebalance recommendation', points: 8, arrange: alone, act: mayEnd, leaves: recommended },
  { name: 'R5 PUT of the instance that a failover waits for', points: 8, arrange: awaited, act: put, leaves: finished },
  { name: 'R6 "ready" of the standby that a failover waits for', points: 8, arrange: crossed, act: ready, leaves: failedOver },
  { name: 'R6 "ready", once; coordinate-replicas sees it too', points: 8, arrange: crossed, act: ready, next: coordinate, leaves: failedOver },
  { name: 'R6 "failed" of the standby that a failover waits for', points: 8, arrange: awaited, act: failed, leaves: triedNext },
  { name: 'R6 "failed" of the instance that has taken over', points: 11, arrange: tookOver, act: failed, leaves: givenBack },
  { name: "EventBridge's interruption warning", points: 9, arrange: withStandby, act: warning, leaves: failedOver },
  { name: 'A7 switch report', points: 8, arrange: switching, act: report, leaves: switched },
  { name: 'A7 switch report after its successor has registered', points: 8, arrange: succeeded, act: report, leaves: switched },
  { name: 'A7 switch report of an instance that is gone', points: 8, arrange: switching, act: reportWithEnd, leaves: ended },
  { name: 'A1 register of the successor in a switch', points: 9, arrange: switching, act: register, leaves: bound },
  { name: 'coordinate-replicas that finishes a failover', points: 18, arrange: crossed, act: coordinate, leaves: failedOver, heldFor: heldByJob },
  { name: 'sweep-commands that infers a switch', points: 11, arrange: unreported, act: sweep, leaves: switched, heldFor: heldByJob },
];

/** A moment of a run: the last reply, and what is stored then. */
interface Moment {
  readonly reply?: Reply;
  readonly said: string;
  readonly rows: readonly string[];
  readonly broken: readonly string[];
  readonly outcome: Outcome;
}

/** @param n the call after which the process is killed; if left out, it is not killed */
async function play({ arrange, act, next, heldFor = heldByTransaction }: Row, n?: number) {
  rig.controlPlane.gateway.forgetAuthorizations(); // what it caches from now on lasts for the whole run
  // A recommendation counts once an hour, so a run must not cross into the next hour.
  const secondsLeft = 3600 - ((rig.clock.now().getTime() / 1000) % 3600);
  if (secondsLeft <= heldFor) rig.pass(secondsLeft);
  const scene = (await arrange()) as Scene;
  const { agentId: id, facts } = scene.old;
  agentId = id;
  const instances = Object.entries(scene).filter(([, value]) => value instanceof TestInstance);
  const names = new Map(instances.map(([name, instance]) => [instance.id as string, name]));
  const words = inWords(new Map([...names, [facts.logicalId, 'agent'], [facts.type, 'type']]));
  const before = await reader.read(id);
  const look = async (reply?: Reply): Promise<Moment> => {
    const now = await reader.read(id);
    const broken = brokenRules(before, now);
    return { reply, said: words(reply), rows: rowsOf(now, words), broken, outcome: outcomeOf(before, now, names) };
  };
  const once = act(scene);
  const after = next?.(scene) ?? once;

  let killed: Moment | undefined;
  const onKilled = async () => {
    killed = await look();
  };
  let reply: Reply | undefined;
  const run = async () => {
    reply = await once();
  };
  if (n === undefined) await run();
  else await functions.killedAt(rig.controlPlane.dataApi, { n, moment: 'after' }, onKilled, run);
  const first = await look(reply);
  const again = await look(await after());
  await pass(heldFor);
  const last = await look(await after());
  await deleteAgent(reader.connection, id);
  return { before: rowsOf(before, words), killed, first, again, last };
}

/** Statuses that a caller may get instead of a result: from us, or from the gateway if a function died. */
const refusals = [500, 503];
const nothing = { standbys: [], switches: [], notices: [], commands: [], told: [] };

type Rows = readonly string[];
/** The allowed state that equals `rows`; if there is none, the last one, so that the failure shows the difference. */
const oneOf = (states: readonly Rows[], rows: Rows) =>
  states.find((state) => `${state}` === `${rows}`) ?? states.at(-1);

/** The replies and states of a row when nothing is killed. */
async function undisturbed(row: Row) {
  const whole = await play(row);
  expect(whole.first.outcome).toEqual({ ...nothing, ...row.leaves });
  expect(whole.again.rows).toEqual(whole.first.rows);
  // `next` alone may leave another state than the act alone: both are allowed.
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
  rows.map((row, index) => [row.name, row.points, row, index] as const).filter(([, , , index]) => isTried(index, 0, 2)),
)('%s, killed after each of its %i calls, is all or nothing, and in the end done once', async (_name, _points, row, index) => {
  const { answers, done, end } = await undisturbed(row);
  for (let n = 1; ; n += 1) {
    // Always the last call and the one after it, which show that the number of calls is right.
    if (n < row.points && !isTried(n, index, 7)) continue;
    const { before, killed, first, again, last } = await play(row, n);
    if (!killed) {
      expect(n - 1).toBe(row.points);
      break;
    }
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
});

it('a killed promotion does not hold up the jobs of other agents while its locks are still held', async () => {
  // If the database expects only a few rows, it reads and locks them all instead of using an index. Nothing here waits
  // for the held locks, so statements get more time on a busy machine.
  rig.controlPlane.dataApi.limits.statementMs = 2000;
  const crowd = await Promise.all(Array.from({ length: 31 }, () => withStandby()));
  const other = await crossed();
  // A killed promotion also holds the gaps on both sides of its agent in `uq_instances_primary_of`, where InnoDB looked
  // for a second primary (docs/adr/0013). So `other` must not be next to it in the order of ids.
  const inOrder = [...crowd, other].sort((a, b) => (a.old.agentId < b.old.agentId ? -1 : 1));
  const held = inOrder[(inOrder.indexOf(other) + inOrder.length / 2) % inOrder.length]!;
  const silent = await alone();
  await rig.runJob('decide');
  await renewStatistics(reader.connection);
  agentId = held.old.agentId;
  await other.old.heartbeat();
  await functions.killedAt(
    rig.controlPlane.dataApi,
    { n: 6, moment: 'after' },
    async () => {},
    async () => expect((await promote(held as Scene)()).status).toBe(500),
  );
  rig.pass(125);
  const rest = crowd.filter((scene) => scene !== held);
  await Promise.all(rest.map(({ old }) => old.heartbeat()));
  await other.old.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.04 });
  for (const name of ['coordinate-replicas', 'expire-agents', 'decide'] as const)
    expect(await job(name)()(), name).toEqual({ status: accepted });
  expect(await other.old.agentRow()).toMatchObject({ instanceId: other.standby.id, decidedAt: expect.any(Date) });
  expect((await silent.old.agentRow()).status).toBe('offline');
  await pass(heldByTransaction);
  for (const { old } of [other, silent, ...rest]) await deleteAgent(reader.connection, old.agentId);
});
