import { availableSpans, capacityLosses, type Span } from '../../market/availability.ts';
import { isAvailable, type Market, type Pool, poolOf } from '../../market/market.ts';
import { exponential, hashOf, type Random, seeded } from '../../random.ts';
import type { Ec2Options } from './ec2.ts';
import type { Instance } from './instance.ts';
import type { Interruption } from './interruption.ts';

export interface RecordedInterruptionOptions {
  /** From EC2's notice to the end of the instance. */
  readonly noticeSeconds: number;
  /** 0 to 1: the share of interruptions that a rebalance recommendation precedes; as many again are false alarms. */
  readonly rebalanceShare: number;
  readonly seed: number;
}

/** What EC2 does to the Spot instances of one pool. Milliseconds since 1970, ascending. */
interface PoolInterruptions {
  /** When EC2 interrupts all of them. */
  readonly losses: readonly number[];
  readonly recommendations: readonly { readonly at: number; readonly isFalseAlarm: boolean }[];
}

/** How long a recommendation precedes its interruption on average. The distribution is assumed. */
const meanRecommendationLeadMs = 10 * 60_000;

/**
 * Makes EC2 behave as an availability trace recorded. When a pool's count drops to 0, EC2 interrupts every Spot
 * instance of the pool. Spot launches succeed while the count is above 0, until EC2 gives that notice: it does not hand
 * out capacity that it is taking back. A trace has no rebalance recommendations: those requested are drawn at random,
 * the same for every instance of a pool.
 */
export function recordedInterruptions(
  market: Market,
  options: RecordedInterruptionOptions,
): Required<Pick<Ec2Options, 'hasCapacity' | 'interruptionOf'>> {
  const byPool = new Map(market.pools.map((pool) => [pool.az, interruptionsOfPool(pool, market, options)]));
  return {
    hasCapacity: ({ mode, az }, now) => {
      if (mode === 'ondemand') return true;
      const loss = nextLoss(byPool.get(az)!, now, options.noticeSeconds);
      return isAvailable(poolOf(market, az)!, now) && !(loss && loss.noticeAt <= now);
    },
    interruptionOf: (instance) => interruptionOf(instance, byPool.get(instance.az)!, options.noticeSeconds),
  };
}

function interruptionsOfPool(
  pool: Pool,
  { end }: Market,
  { noticeSeconds, rebalanceShare, seed }: RecordedInterruptionOptions,
): PoolInterruptions {
  const random = seeded(hashOf(`${seed} ${pool.az}`));
  const losses = capacityLosses(pool);
  const recommended = losses.filter(() => random() < rebalanceShare);
  const before = recommended.map((loss) => loss - noticeSeconds * 1000 - exponential(random, meanRecommendationLeadMs));
  const falseAlarms = recommended.map(() => momentWithin(random, availableSpans(pool, end)));
  const recommendations = [
    ...before.map((at) => ({ at: wholeSecond(at), isFalseAlarm: false })),
    ...falseAlarms.map((at) => ({ at: wholeSecond(at), isFalseAlarm: true })),
  ];
  return { losses, recommendations: recommendations.sort((a, b) => a.at - b.at) };
}

function nextLoss({ losses }: PoolInterruptions, after: Date, noticeSeconds: number) {
  const end = losses.find((loss) => loss > after.getTime());
  return end === undefined ? undefined : { noticeAt: new Date(end - noticeSeconds * 1000), endAt: new Date(end) };
}

function interruptionOf(
  { launchedAt }: Instance,
  pool: PoolInterruptions,
  noticeSeconds: number,
): Interruption | undefined {
  const loss = nextLoss(pool, launchedAt, noticeSeconds);
  const until = loss?.noticeAt.getTime() ?? Number.POSITIVE_INFINITY;
  const recommendation = pool.recommendations.find(({ at }) => at > launchedAt.getTime() && at < until);
  if (!loss && !recommendation) return undefined;
  return {
    ...(recommendation && { rebalanceAt: new Date(recommendation.at), isFalseAlarm: recommendation.isFalseAlarm }),
    ...loss,
  };
}

/** A random moment within the spans, uniformly distributed. */
function momentWithin(random: Random, spans: readonly Span[]): number {
  let left = random() * spans.reduce((total, [from, to]) => total + to - from, 0);
  for (const [from, to] of spans) {
    if (left < to - from) return from + left;
    left -= to - from;
  }
  return spans.at(-1)![1];
}

const wholeSecond = (ms: number) => Math.round(ms / 1000) * 1000;
