import fc from '../../fast-check.ts';
import type { InterleavedWorld, Role } from './world.ts';

/** Something that happens in a world, and how fast-check prints it. */
export class Action {
  readonly #label: string;
  readonly perform: (world: InterleavedWorld) => Promise<void>;
  constructor(label: string, perform: (world: InterleavedWorld) => Promise<void>) {
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
/** Mostly the last task; late reports of an earlier one must not do harm either. */
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
const merged = fc
  .tuple(poller, seldom)
  .map(
    ([who, full]) =>
      new Action(`${who} beats and asks${full ? ' (no capacity)' : ''}`, (world) => world.beatMerged(who, { full })),
  );
const known = new Action('prices are collected', (world) => world.collectPrices());
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
  { weight: 4, arbitrary: merged },
  { weight: 2, arbitrary: issues },
  { weight: 3, arbitrary: begins },
  { weight: 4, arbitrary: executed },
  { weight: 4, arbitrary: reports },
  { weight: 1, arbitrary: stops },
  { weight: 1, arbitrary: gone },
  { weight: 2, arbitrary: fc.constant(new Action('sweep', (world) => world.run('sweep-commands'))) },
  { weight: 1, arbitrary: fc.constant(new Action('expire', (world) => world.run('expire-agents'))) },
);

/**
 * Within a heartbeat interval; past the time that counts as beating, the heartbeat timeout, a lease (900 s and 300 s of
 * wait), a day.
 */
const times = fc
  .constantFrom(5, 60, 100, 130, 1000, 1300, 25 * 3600)
  .map((seconds) => new Action(`${seconds} s pass`, async (world) => world.pass(seconds)));

/** Actions that run concurrently, before a check. */
export const steps: fc.Arbitrary<Action[]> = fc.oneof(
  { weight: 5, arbitrary: calls.map((action) => [action]) },
  { weight: 3, arbitrary: fc.array(calls, { minLength: 2, maxLength: 4 }) },
  { weight: 2, arbitrary: times.map((action) => [action]) },
  { weight: 1, arbitrary: fc.constant(known).map((action) => [action]) },
);
