import { costsOf } from '../../decision/policy-a/budget.ts';
import { type PolicyAConfig, week } from '../../decision/policy-a/config.ts';
import { hazards } from '../../decision/policy-a/hazard.ts';
import type { Availability, Downtime, PricedView, RatedPool, Slo, Timing } from '../../decision/policy-a/input.ts';
import { enoughObserved } from '../../decision/policy-a/pacing.ts';
import { chooseFailover, chooseMove, isDearerThanOnDemand, type ServiceInput } from '../../decision/policy-a/policy.ts';
import { PoolHistoryTracker } from '../../decision/policy-a/pool-history.ts';
import { ratePools, relativeWorth } from '../../decision/policy-a/score.ts';
import { advanceShadows, startShadows } from '../../decision/policy-a/shadows.ts';
import type { PoolGroup } from './pool-group.ts';
import { onDemand, type ServicePolicy, type Sight } from './service-policy.ts';

/**
 * Whether a service may make a move that policy A chose: the tenant's limits may forbid it.
 * @param to the pool, or `null` for on-demand
 */
export type MayMove = (sight: Sight, to: RatedPool | null) => boolean;

/** What was seen of each pool in each step, as in a run of a fleet. */
export type SeenBySteps = (pool: number, step: number) => Availability;

/** What is observed: all pools (by other agents or probes), or what the service itself meets and a function says. */
export type Eyes = 'all' | SeenBySteps;

/** Of a service that no other is beside: it observes what it meets itself. */
export const alone: SeenBySteps = () => 'unknown';

interface Options {
  readonly mayMove?: MayMove;
  /**
   * The times that the policy believes in, by the seconds of each loss of the last week. Left out, it knows its times.
   * Shadows have those without any loss.
   */
  readonly believes?: ((losses: readonly number[]) => Timing) | undefined;
}

/**
 * Policy A in the simulator: the functions that run in the Lambda, given in each step what the backend would have read.
 */
export function policyA(
  group: PoolGroup,
  slo: Slo | null,
  timing: Timing,
  config: PolicyAConfig,
  eyes: Eyes = 'all',
  { mayMove = () => true, believes }: Options = {},
): ServicePolicy {
  const { intoWeek = 0, stepSeconds, pools } = group;
  const hasOwnPrices = group.onDemandPaid !== undefined || pools.some(({ paid }) => paid);
  const index = new Map(pools.map(({ id }, pool) => [id, pool]));
  const trackers = pools.map(() => new PoolHistoryTracker(stepSeconds));
  const costs = costsOf(timing);
  const shadowTiming = believes?.([]) ?? timing;
  const shadowCosts = costsOf(shadowTiming);
  let believed = shadowTiming;
  let losses: readonly Downtime[] = [];
  const kept = Math.max(1, Math.ceil(timing.notice / stepSeconds)) + 1;
  /** The newest steps, because a notice comes some steps before the end. */
  const rated = new Map<number, RatedPool[]>();
  let before = startShadows(0, config.pacing);
  let shadows = before;
  let worth = 1;
  let downtime: Downtime[] = [];
  /**
   * What the service met of each pool in the current step. It counts as an observation when the step is over, unless
   * the pool was seen at the step's beginning.
   */
  const met = pools.map((): Availability => 'unknown');
  const isOpen = pools.map(() => false);

  const inputAt = ({ step, now, current, price }: Sight): ServiceInput => ({
    now,
    current: current === onDemand || current === null ? null : pools[current]!.id,
    onDemandPrice: price(onDemand),
    pools: rated.get(step)!,
    timing: believed,
    commitment: slo && {
      slo,
      weekStart: now - ((now + intoWeek) % week),
      downtime,
      shadows: isFollowed() ? before : null,
      relativeWorth: worth,
      relativeDowntime: costsOf(believed).entry / shadowCosts.entry,
    },
  });
  const isFollowed = () =>
    eyes === 'all' ||
    trackers.reduce((sum, tracker) => sum + tracker.observedShare(), 0) / pools.length >= enoughObserved;
  /** Shadows are of a place, not of a tenant, so they are by public prices. */
  const atPublicPrices = (views: readonly PricedView[], rates: readonly number[], { publicPrice }: Sight) =>
    ratePools(
      views.map((view, pool) => ({ ...view, price: publicPrice(pool) })),
      rates,
      publicPrice(onDemand),
      shadowTiming,
    );
  const places = (ids: readonly string[]) => ids.map((id) => index.get(id)!);
  const spend = (at: number, seconds: number) => {
    downtime = [...downtime.filter((event) => event.at > at - week), { at, seconds }];
  };
  const seen = (sight: Sight, pool: number): Availability => {
    if (eyes !== 'all' && sight.current !== pool) return eyes(pool, sight.step);
    return sight.isUp(pool) ? 'up' : 'down';
  };

  return {
    begin(sight) {
      const views = pools.map(({ id }, pool) => {
        const tracker = trackers[pool]!;
        if (isOpen[pool]) tracker.observe(met[pool]!);
        const availability = seen(sight, pool);
        met[pool] = availability;
        isOpen[pool] = availability === 'unknown';
        if (!isOpen[pool]) tracker.observe(availability);
        const history = tracker.history();
        const unseenHours = history.unseenHours + (isOpen[pool] ? stepSeconds / 3600 : 0);
        return { id, price: sight.price(pool), availability, history: { ...history, unseenHours } };
      });
      losses = losses.filter(({ at }) => at > sight.now - week);
      believed = believes?.(losses.map(({ seconds }) => seconds)) ?? timing;
      const rates = hazards(views, config.hazard);
      const current = ratePools(views, rates, sight.price(onDemand), believed);
      const asListed = hasOwnPrices || believes ? atPublicPrices(views, rates, sight) : current;
      rated.set(sight.step, current);
      rated.delete(sight.step - kept);
      worth = hasOwnPrices ? relativeWorth(current, asListed) : 1;
      before = shadows;
      if (slo) shadows = advanceShadows(shadows, asListed, sight.now, shadowTiming, shadowCosts, config.pacing);
    },
    decide(sight) {
      const input = inputAt(sight);
      if (isDearerThanOnDemand(input, config)) return mayMove(sight, null) ? [onDemand] : [];
      return places(chooseMove(input, config)).filter((target) => mayMove(sight, input.pools[target]!));
    },
    failover: (sight) => places(chooseFailover(inputAt(sight), config)),
    interrupted(_, at) {
      spend(at, costs.interruption);
      losses = [...losses, { at, seconds: costs.interruption }];
    },
    switched: (at) => spend(at, timing.plannedCutover),
    tried(pool, succeeded) {
      met[pool] = succeeded ? 'up' : 'down';
    },
  };
}
