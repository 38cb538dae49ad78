import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Fault } from '../../local/aws/data-api/faults.ts';
import { seeded } from '../../local/random.ts';
import { Rig, type Tenant } from '../support/rig.ts';
import { Books, pools, type Role, World } from '../support/world.ts';

// INTERLEAVINGS=50000 for a long look; SEED and REPLAY (fast-check's `path`) to see a failure again.
const runs = Number(process.env.INTERLEAVINGS ?? 1000);
const seed = process.env.SEED === undefined ? undefined : Number(process.env.SEED);
const timeLimit = 120_000 + runs * 1000;

let rig: Rig;
let tenant: Tenant;
let books: Books;
beforeAll(async () => {
  rig = await Rig.start({ DATA_API_RETRY_MS: '150' });
  tenant = await rig.tenant();
  books = await Books.open();
  for (const id of pools)
    await rig.machine(tenant, { type: 'm5.large', az: id.split('.').at(-1)!, mode: 'spot' }).register();
});
afterAll(async () => {
  await books?.close();
  await rig?.stop();
});

// --- Actions ---------------------------------------------------------------------------------------------------------

/** Something that happens in a world, and how fast-check prints it. */
class Action {
  readonly #label: string;
  readonly perform: (world: World) => Promise<void>;
  constructor(label: string, perform: (world: World) => Promise<void>) {
    this.#label = label;
    this.perform = perform;
  }
  toString() {
    return this.#label;
  }
}

const role = (weights: Record<Role, number>) =>
  fc.oneof(...Object.entries(weights).map(([name, weight]) => ({ weight, arbitrary: fc.constant(name as Role) })));
const anyRole = role({ primary: 4, successor: 4, replica: 2, zombie: 2, first: 1 });
const poller = role({ primary: 9, successor: 4, replica: 1, zombie: 3, first: 1 });
const place = fc.constantFrom(0 as const, 1 as const);
/** Mostly the last task; what is said late of an earlier one must not harm either. */
const back = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(1) });
const seldom = fc.integer({ min: 1, max: 8 }).map((n) => n > 7);

const registers = anyRole.map((who) => new Action(`${who} registers`, (world) => world.register(who)));
const beats = anyRole.map((who) => new Action(`${who} beats`, (world) => world.beat(who)));
const stops = anyRole.map((who) => new Action(`${who} stops`, (world) => world.stop(who)));
const gone = anyRole.map((who) => new Action(`${who} is confirmed gone`, (world) => world.confirmGone(who)));
const polls = fc
  .tuple(poller, seldom)
  .map(
    ([who, full]) => new Action(`${who} polls${full ? ' (no capacity)' : ''}`, (world) => world.poll(who, { full })),
  );
const issues = place.map((n) => new Action(`console asks for place ${n}`, (world) => world.issue(n)));
const begins = place.map(
  (n) =>
    new Action(`console asks for place ${n}, then primary polls`, async (world) => {
      await world.issue(n);
      await world.poll('primary');
    }),
);
const executed = back.map((n) => new Action(`task -${n} executed`, (world) => world.executed(n)));
const reports = fc
  .tuple(back, seldom)
  .map(([n, old]) => new Action(`task -${n} reported${old ? ', old one gone' : ''}`, (world) => world.report(n, old)));

const calls = fc.oneof(
  { weight: 5, arbitrary: registers },
  { weight: 3, arbitrary: beats },
  { weight: 7, arbitrary: polls },
  { weight: 2, arbitrary: issues },
  { weight: 3, arbitrary: begins },
  { weight: 4, arbitrary: executed },
  { weight: 4, arbitrary: reports },
  { weight: 1, arbitrary: stops },
  { weight: 1, arbitrary: gone },
  { weight: 2, arbitrary: fc.constant(new Action('sweep', (world) => world.run('sweep-commands'))) },
  { weight: 1, arbitrary: fc.constant(new Action('expire', (world) => world.run('expire-agents'))) },
);

/** Within a beat; past what counts as beating, the heartbeat timeout, a lease (900 s and 300 s of wait), a day. */
const times = fc
  .constantFrom(5, 60, 100, 130, 1000, 1300, 25 * 3600)
  .map((seconds) => new Action(`${seconds} s pass`, async (world) => world.pass(seconds)));

/** What happens at once, and then is checked. */
const steps = fc.oneof(
  { weight: 5, arbitrary: calls.map((action) => [action]) },
  { weight: 3, arbitrary: fc.array(calls, { minLength: 2, maxLength: 4 }) },
  { weight: 2, arbitrary: times.map((action) => [action]) },
);

// --- Faults ----------------------------------------------------------------------------------------------------------

type Kind = Pick<Fault, 'error' | 'when' | 'operation'>;
const kinds = (when: Fault['when'], operation: Fault['operation'], ...errors: Fault['error'][]): Kind[] =>
  errors.map((error) => ({ when, operation, error }));

const outages = [
  'InternalServerErrorException',
  'ServiceUnavailableError',
  'DatabaseUnavailableException',
  'StatementTimeoutException',
] as const satisfies Fault['error'][];
const refusals = [
  'DatabaseResumingException',
  'ThrottlingException',
  'SecretsErrorException',
  'AccessDeniedException',
  'ForbiddenException',
  'HttpEndpointNotEnabledException',
] as const satisfies Fault['error'][];
const conflicts = [
  'DatabaseErrorException:1205',
  'DatabaseErrorException:1213',
  'TransactionNotFoundException',
] as const satisfies Fault['error'][];

/**
 * F1 to F3, by operation. A rollback is left alone, as one that is lost holds its locks until the Data API ends the
 * transaction, three minutes later.
 */
const faults: Kind[] = [
  ...kinds('before', 'Execute', ...outages, ...refusals, ...conflicts, 'DatabaseErrorException:1062'),
  ...kinds('after', 'Execute', ...outages, ...conflicts),
  ...kinds('before', 'BeginTransaction', ...outages, ...refusals),
  ...kinds('before', 'CommitTransaction', ...outages, ...refusals, 'TransactionNotFoundException'),
  // Twice, for it is the worst of all: everything was done, and nobody knows.
  ...kinds('after', 'CommitTransaction', ...outages, ...outages, 'TransactionNotFoundException'),
];

interface Chaos {
  /** Chance of a call to the Data API to fail. */
  readonly percent: number;
  readonly seed: number;
}

/** @returns ends it */
function injectFaults({ percent, seed }: Chaos): () => void {
  const random = seeded(seed);
  if (percent > 0)
    for (const kind of faults) {
      const alternatives = faults.filter(({ operation }) => operation === kind.operation).length;
      rig.faults.inject({
        ...kind,
        times: Number.POSITIVE_INFINITY,
        probability: percent / 100 / alternatives,
        random,
      });
    }
  // Begun, and nobody knows: seldom, as its connection is taken until the Data API ends the transaction.
  if (percent > 0 && seed % 64 === 0)
    rig.faults.inject({ error: 'ServiceUnavailableError', when: 'after', operation: 'BeginTransaction' });
  // Calls that are under way together overtake each other, each time otherwise.
  rig.controlPlane.dataApi.onCall = async () => {
    for (let turns = Math.floor(random() * 6); turns > 0; turns -= 1)
      await new Promise<void>((resolve) => setImmediate(resolve));
  };
  return () => {
    rig.faults.clear();
    rig.controlPlane.dataApi.onCall = undefined;
  };
}

// --- The property ----------------------------------------------------------------------------------------------------

const worlds = fc.record({
  start: fc.constantFrom('nobody' as const, 'settled' as const, 'queued' as const, 'under way' as const),
  insists: fc.boolean(),
  chaos: fc.record({ percent: fc.constantFrom(0, 1, 2, 5, 20), seed: fc.nat() }),
  steps: fc.array(steps, { minLength: 4, maxLength: 8 }),
});

it(`holds its rules in ${runs} random interleavings of an agent's machines, time and faults`, {
  timeout: timeLimit + 60_000,
}, async () => {
  let handedOut = 0;
  const property = fc.asyncProperty(worlds, async ({ start, insists, chaos, steps }) => {
    const world = new World(rig, tenant, books, { insists });
    await authorizeAnew();
    if (start !== 'nobody') await world.settle();
    if (start === 'queued' || start === 'under way') await world.issue(0);
    if (start === 'under way') await world.poll('primary');
    await world.check(true);
    const endFaults = injectFaults(chaos);
    try {
      for (const actions of steps) {
        world.mayFail = chaos.percent > 0 || actions.length > 1;
        const done = await Promise.allSettled(actions.map((action) => action.perform(world)));
        for (const result of done) if (result.status === 'rejected') throw result.reason;
        await world.check(actions.length === 1);
      }
    } finally {
      endFaults();
    }
    world.mayFail = false;
    await world.finish();
    handedOut += world.handedOut;
  });
  const details = await fc.check(property, {
    numRuns: runs,
    seed,
    path: process.env.REPLAY,
    interruptAfterTimeLimit: timeLimit,
  });
  if (details.failed) {
    const { message } = (details.errorInstance ?? {}) as Partial<Error>;
    throw new Error(`${fc.defaultReportMessage(details)}\n\n${message ?? details.errorInstance}`);
  }
  expect(details.interrupted).toBe(false);
  // Worlds in which little happens would hold any rule.
  if (runs >= 100) expect(handedOut).toBeGreaterThan(runs / 2);
});

/** The gateway keeps the authorizer's answer for a minute. It is asked anew where no fault strikes it: it answers 500. */
async function authorizeAnew() {
  rig.controlPlane.gateway.forgetAuthorizations();
  await rig.request('GET', '/api/agents/None/config', { token: tenant.token });
}
