import type { DecisionInput, Move } from '../decision/decision-input.ts';
import { firstClosedGate } from '../decision/gates.ts';
import { decide } from '../decision/policy.ts';
import { policyAConfig } from '../decision/policy-a/config.ts';
import { chanceWithinHour } from '../decision/recommend-service.ts';
import { defaultTiming } from '../decision/timing.ts';
import { type History, timeOf } from './history.ts';
import { type MayMove, policyA, type SeenBySteps } from './simulator/policy-a.ts';
import { onDemand, type ServicePolicy, type Sight } from './simulator/service-policy.ts';
import type { PlayedSettings } from './wire.ts';

/** What was observed of a pool when a step began. As for the loop, the period under way has not been observed yet. */
export const eyesOf =
  ({ seen }: Pick<History, 'seen'>): SeenBySteps =>
  (pool, step) =>
    seen[pool]![step - 1] ?? 'unknown';

/**
 * What the loop would have done with these settings. With a target, policy A decides, held back by limits if any were
 * set; without one, the loop's own rules and gates decide.
 */
export function settingsPolicy(history: History, settings: PlayedSettings): ServicePolicy {
  const { group } = history;
  const log = new MoveLog(history);
  const target = settings.availability_target;
  if (target === null) return { ...log.events, ...byRules(history, settings, log) };
  const slo = { availability: target / 100, over: settings.availability_form };
  const eyes = eyesOf(history);
  if (!settings.limits_hold) return policyA(group, slo, defaultTiming, policyAConfig, eyes);
  const mayMove: MayMove = (sight, to) => {
    const savingsPerHour = sight.price(sight.current ?? onDemand) - (to?.price ?? sight.price(onDemand));
    const move: Move = to
      ? { action: 'switch_spot', mode: 'spot', poolId: to.id, risk: chanceWithinHour(to.hazard), savingsPerHour }
      : { action: 'switch_ondemand', mode: 'ondemand', poolId: null, risk: 0, savingsPerHour };
    const input = inputOf(history, settings, log, sight);
    // Policy A returns to Spot by its budget and learns from its attempts what is down, so these gates do not apply.
    const free = { ...input, agent: { ...input.agent, lastEmergencyAt: null, lastFailedSwitchAt: null } };
    return firstClosedGate(free, move, timeOf(history, sight.now)) === undefined;
  };
  return both(policyA(group, slo, defaultTiming, policyAConfig, eyes, { mayMove }), log.events);
}

function byRules(history: History, settings: PlayedSettings, log: MoveLog): Pick<ServicePolicy, 'decide' | 'failover'> {
  const { pools } = history.group;
  return {
    decide(sight) {
      log.isPlanned = true;
      const { allowed, mode, poolId } = decide(inputOf(history, settings, log, sight), timeOf(history, sight.now));
      if (!allowed) return [];
      return mode === 'ondemand' ? [onDemand] : [pools.findIndex(({ id }) => id === poolId)];
    },
    failover(sight) {
      log.isPlanned = false;
      const cheaper = pools.map((_, pool) => pool).filter((pool) => sight.price(pool) < sight.price(onDemand));
      return cheaper.sort((a, b) => sight.price(a) - sight.price(b));
    },
  };
}

/** What the loop would have read about the agent. */
function inputOf(
  history: History,
  { max_switches_per_week, max_switches_per_day, min_pool_duration_hours, ...settings }: PlayedSettings,
  log: MoveLog,
  sight: Sight,
): DecisionInput {
  const { pools } = history.group;
  const { current, now, step } = sight;
  const at = timeOf(history, now);
  const isOnSpot = current !== onDemand && current !== null;
  const eyes = eyesOf(history);
  return {
    agent: {
      instanceId: 'played',
      status: 'online',
      enabled: true,
      autoSwitchEnabled: true,
      mode: isOnSpot ? 'spot' : 'ondemand',
      poolId: isOnSpot ? pools[current]!.id : null,
      hasOpenCommand: false,
      hasEmergencyReplica: false,
      ...log.at(now),
    },
    prices: {
      onDemand: sight.price(onDemand),
      currentSpot: isOnSpot ? sight.price(current) : null,
      pools: pools.map(({ id }, pool) => ({
        id,
        price: sight.price(pool),
        at,
        interruptions30d: history.lossHours[pool]!.filter((lost) => lost < step).length,
        availability: eyes(pool, step),
        hazard: null,
      })),
    },
    config: {
      minSavingsPercent: settings.min_savings_percent,
      riskThreshold: settings.risk_threshold,
      maxSwitchesPerWeek: max_switches_per_week,
      maxSwitchesPerDay: max_switches_per_day,
      minPoolDurationHours: min_pool_duration_hours,
      limitsHold: settings.limits_hold,
      disruptionWindows: null,
    },
    service: null,
    job: null,
  };
}

const day = 86_400;

/**
 * The past that gates look at: voluntary moves (emergencies count towards no limit) and failed attempts. Times are
 * seconds since the history began.
 */
class MoveLog {
  /** Whether the current attempts belong to a planned move, not to a failover. */
  isPlanned = false;
  readonly #history: History;
  readonly #switches: number[] = [];
  #lastPlanned: number | undefined;
  #lastEmergency: number | undefined;
  #lastFailed: number | undefined;

  constructor(history: History) {
    this.#history = history;
  }

  readonly events = {
    interrupted: (_pool: number, at: number) => {
      this.#lastEmergency = at;
    },
    switched: (at: number) => {
      this.#switches.push(at);
      this.#lastPlanned = at;
    },
    tried: (_pool: number, succeeded: boolean, at: number) => {
      if (!succeeded && this.isPlanned) this.#lastFailed = at;
    },
  } satisfies Partial<ServicePolicy>;

  at(now: number) {
    const date = (seconds: number | undefined) => (seconds === undefined ? null : timeOf(this.#history, seconds));
    const within = (seconds: number) => this.#switches.filter((at) => at > now - seconds).length;
    return {
      lastSwitchAt: date(this.#lastPlanned),
      switches24h: within(day),
      switches7d: within(7 * day),
      lastEmergencyAt: date(this.#lastEmergency),
      lastFailedSwitchAt: date(this.#lastFailed),
    };
  }
}

/** A policy whose events go to a second listener, too. */
export function both(policy: ServicePolicy, heard: Partial<ServicePolicy>): ServicePolicy {
  return {
    ...policy,
    interrupted: (pool, at) => {
      policy.interrupted?.(pool, at);
      heard.interrupted?.(pool, at);
    },
    switched: (at) => {
      policy.switched?.(at);
      heard.switched?.(at);
    },
    failedOver: (at) => {
      policy.failedOver?.(at);
      heard.failedOver?.(at);
    },
    tried: (pool, succeeded, at) => {
      policy.tried?.(pool, succeeded, at);
      heard.tried?.(pool, succeeded, at);
    },
  };
}
