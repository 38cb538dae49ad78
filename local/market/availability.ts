import type { Ec2Options, Instance, Interruption } from '../fleet/ec2/ec2.ts';
import { exponential, hashOf, type Random, seeded } from '../random.ts';
import { isAvailable, type Market, type Pool, PricesError, poolOf } from './market.ts';

export interface AvailabilityOptions {
  /** From EC2's notice to the end of the machine. */
  readonly noticeSeconds: number;
  /** 0 to 1: how many interruptions a rebalance recommendation goes before; equally many more are false alarms. */
  readonly rebalanceShare: number;
  readonly seed: number;
}

/** Milliseconds since 1970, ascending. */
interface PoolTroubles {
  /** When EC2 takes all Spot machines of the pool. */
  readonly losses: readonly number[];
  readonly warnings: readonly { readonly at: number; readonly isFalseAlarm: boolean }[];
}

/** Real recommendations come before their interruption by this much on average; how they are spread is assumed. */
const meanWarningMs = 10 * 60_000;

/** @throws PricesError when the file knows prices only */
export function checkAvailability({ pools }: Market, name: string): void {
  const without = pools.findIndex(({ capacity }) => capacity === undefined);
  if (without >= 0)
    throw new PricesError(
      `${name}, pools[${without}] has no countRle, so when it was available is not known; --prices plays prices alone`,
    );
  if (pools.every(({ capacity }) => capacity!.every(({ count }) => count === 0)))
    throw new PricesError(`${name} has no pool that is ever available: every countRle is 0 throughout`);
}

/**
 * EC2 as an availability trace says it was: launches find capacity while a pool's count is above 0, and when it drops to
 * 0 all Spot machines there are taken. A machine launched within the notice time gets what is left of it. The trace has
 * no rebalance recommendations: those are drawn, for all machines of a pool alike.
 */
export function playAvailability(
  market: Market,
  options: AvailabilityOptions,
): Required<Pick<Ec2Options, 'hasCapacity' | 'interruptionOf'>> {
  const troubles = new Map(market.pools.map((pool) => [pool.az, troublesOf(pool, market, options)]));
  return {
    hasCapacity: ({ mode, az }, now) => mode === 'ondemand' || isAvailable(poolOf(market, az)!, now),
    interruptionOf: (instance) => interruptionOf(instance, troubles.get(instance.az)!, options.noticeSeconds),
  };
}

/** The moments at which a pool's count drops to 0. */
export function lossesOf({ capacity = [] }: Pool): number[] {
  return capacity.flatMap(({ from, count }, index) => {
    const before = capacity[index - 1]?.count ?? 0;
    return count === 0 && before > 0 ? [from] : [];
  });
}

function troublesOf(pool: Pool, { end }: Market, { noticeSeconds, rebalanceShare, seed }: AvailabilityOptions) {
  const random = seeded(hashOf(`${seed} ${pool.az}`));
  const losses = lossesOf(pool);
  const warned = losses.filter(() => random() < rebalanceShare);
  const before = warned.map((loss) => loss - noticeSeconds * 1000 - exponential(random, meanWarningMs));
  const alarms = warned.map(() => momentOf(random, availableTimes(pool, end)));
  const warnings = [
    ...before.map((at) => ({ at: wholeSecond(at), isFalseAlarm: false })),
    ...alarms.map((at) => ({ at: wholeSecond(at), isFalseAlarm: true })),
  ];
  return { losses, warnings: warnings.sort((a, b) => a.at - b.at) };
}

function interruptionOf(
  { launchedAt }: Instance,
  { losses, warnings }: PoolTroubles,
  noticeSeconds: number,
): Interruption | undefined {
  const launched = launchedAt.getTime();
  const end = losses.find((loss) => loss > launched);
  const notice = end === undefined ? undefined : Math.max(end - noticeSeconds * 1000, launched);
  const warning = warnings.find(({ at }) => at > launched && at < (notice ?? Number.POSITIVE_INFINITY));
  if (end === undefined && !warning) return undefined;
  return {
    ...(warning && { rebalanceAt: new Date(warning.at), isFalseAlarm: warning.isFalseAlarm }),
    ...(end !== undefined && { noticeAt: new Date(notice!), endAt: new Date(end) }),
  };
}

type Span = readonly [from: number, to: number];

function availableTimes({ capacity = [] }: Pool, end: Date): Span[] {
  return capacity.flatMap(({ from, count }, index): Span[] =>
    count > 0 ? [[from, capacity[index + 1]?.from ?? end.getTime()]] : [],
  );
}

/** A moment within spans of time, each moment as likely as any other. */
function momentOf(random: Random, spans: readonly Span[]): number {
  let left = random() * spans.reduce((total, [from, to]) => total + to - from, 0);
  for (const [from, to] of spans) {
    if (left < to - from) return from + left;
    left -= to - from;
  }
  return spans.at(-1)![1];
}

const wholeSecond = (ms: number) => Math.round(ms / 1000) * 1000;
