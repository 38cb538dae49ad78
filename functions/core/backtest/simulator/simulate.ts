import type { Timing } from '../../decision/policy-a/input.ts';
import { Ledger, type ServiceResult } from './ledger.ts';
import type { PoolGroup } from './pool-group.ts';
import { RecordedMarket } from './recorded-market.ts';
import { onDemand, type Place, type ServicePolicy } from './service-policy.ts';

interface Launch {
  readonly place: Place;
  readonly readyAt: number;
  readonly billedFrom: number;
}

/**
 * Plays one service through a group's record. In each step losses at its beginning come first, then decisions, then
 * payment.
 * @see docs/policies.md "A service that must always run"
 */
export function simulate(group: PoolGroup, policy: ServicePolicy, timing: Timing): ServiceResult {
  return new Episode(group, policy, timing).play();
}

class Episode {
  readonly #group: PoolGroup;
  readonly #policy: ServicePolicy;
  readonly #timing: Timing;
  readonly #market: RecordedMarket;
  readonly #ledger: Ledger;
  /** Steps between a notice and the end of the instance. */
  readonly #noticeSteps: number;
  #current: Place | null = onDemand;
  #pending: Launch | undefined;
  #standby: { pool: number; readyAt: number } | undefined;

  constructor(group: PoolGroup, policy: ServicePolicy, timing: Timing) {
    this.#group = group;
    this.#policy = policy;
    this.#timing = timing;
    this.#market = new RecordedMarket(group);
    this.#ledger = new Ledger(group);
    this.#noticeSteps = Math.max(1, Math.ceil(timing.notice / group.stepSeconds));
  }

  play(): ServiceResult {
    for (let step = 0; step < this.#group.steps; step += 1) {
      const at = step * this.#group.stepSeconds;
      this.#policy.begin?.(this.#market.sight(step, at, this.#current));
      if (this.#standby && !this.#market.isUp(this.#standby.pool, step)) this.#standby = undefined;
      if (this.#pending && !this.#market.isUp(this.#pending.place, step)) this.#loseLaunch(step, at);
      if (this.#current !== null && !this.#market.isUp(this.#current, step)) this.#interrupt(step, at);
      if (this.#current !== null && !this.#pending) this.#move(step, at);
      if (this.#policy.standby) this.#keepStandby(step, at);
      this.#pay(step, at);
    }
    return this.#ledger.result();
  }

  #loseLaunch(step: number, at: number): void {
    this.#pending = undefined;
    if (this.#current !== null) return;
    const targets = [...this.#policy.failover(this.#market.sight(step, at, this.#current)), onDemand];
    let launchAt = at;
    for (const place of targets) {
      launchAt += this.#timing.attempt;
      if (!this.#try(place, this.#market.isUp(place, step), at)) continue;
      this.#launch(place, launchAt, launchAt);
      return;
    }
  }

  #interrupt(step: number, at: number): void {
    const lost = this.#current!;
    this.#ledger.interruptions += 1;
    this.#policy.interrupted?.(lost, at);
    if (this.#standby && this.#standby.readyAt <= at) {
      this.#current = this.#standby.pool;
      this.#standby = undefined;
      this.#ledger.wasDown(this.#timing.failoverCutover, at);
      this.#ledger.failedOver(at);
      this.#policy.failedOver?.(at);
    } else if (this.#pending) this.#current = null;
    else this.#failOver(lost, step, at);
  }

  /** A launch at the notice succeeds only in a pool that stays up from then on. */
  #failOver(lost: Place, step: number, at: number): void {
    const { notice, attempt, launch, failoverCutover } = this.#timing;
    const noticeStep = Math.max(0, step - this.#noticeSteps);
    const targets = this.#policy.failover(this.#market.sight(noticeStep, at, lost));
    let launchAt = at - notice;
    let place: Place = onDemand;
    for (place of [...targets.filter((target) => target !== lost), onDemand]) {
      launchAt += attempt;
      if (this.#try(place, this.#market.hasLasted(place, step, step - noticeStep + 1), at)) break;
    }
    if (launchAt < at) this.#ledger.pay(this.#market.price(place, noticeStep), at - launchAt);
    this.#ledger.failedOver(at);
    this.#policy.failedOver?.(at);
    if (launchAt + launch <= at) {
      this.#current = place;
      this.#ledger.wasDown(failoverCutover, at);
    } else {
      this.#current = null;
      this.#launch(place, launchAt, Math.max(launchAt, at));
    }
  }

  #move(step: number, at: number): void {
    let launchAt = at;
    for (const place of this.#policy.decide(this.#market.sight(step, at, this.#current))) {
      if (place === this.#current) return;
      launchAt += this.#timing.attempt;
      if (!this.#try(place, this.#market.isUp(place, step), at)) continue;
      this.#launch(place, launchAt, launchAt);
      this.#ledger.planned(at);
      this.#policy.switched?.(at);
      return;
    }
  }

  #keepStandby(step: number, at: number): void {
    if (this.#current === null || this.#current === onDemand) this.#standby = undefined;
    else if (!this.#standby || this.#standby.pool === this.#current) {
      const isFree = (pool: Place) =>
        pool !== this.#current && pool !== this.#pending?.place && this.#market.isUp(pool, step);
      const pool = this.#policy.standby!(this.#market.sight(step, at, this.#current)).find(isFree);
      this.#standby = pool === undefined ? undefined : { pool, readyAt: at + this.#timing.launch };
    }
    if (this.#standby) this.#ledger.pay(this.#market.price(this.#standby.pool, step), this.#group.stepSeconds);
  }

  #pay(step: number, at: number): void {
    const { stepSeconds } = this.#group;
    const end = at + stepSeconds;
    const pending = this.#pending;
    if (pending && pending.readyAt < end) {
      const ready = Math.max(pending.readyAt, at);
      if (this.#current === null) this.#ledger.wasDown(ready - at + this.#timing.failoverCutover, at);
      else {
        this.#run(this.#current, step, at, ready);
        this.#ledger.wasDown(this.#timing.plannedCutover, at);
      }
      this.#ledger.pay(this.#market.price(pending.place, step), Math.max(0, ready - Math.max(pending.billedFrom, at)));
      this.#run(pending.place, step, ready, end);
      this.#current = pending.place;
      this.#pending = undefined;
      return;
    }
    if (this.#current === null) this.#ledger.wasDown(stepSeconds, at);
    else this.#run(this.#current, step, at, end);
    if (pending)
      this.#ledger.pay(this.#market.price(pending.place, step), Math.max(0, end - Math.max(pending.billedFrom, at)));
  }

  #run(place: Place, step: number, from: number, to: number): void {
    this.#ledger.pay(this.#market.price(place, step), to - from);
    if (place === onDemand) this.#ledger.onDemandSeconds += to - from;
  }

  #launch(place: Place, launchAt: number, billedFrom: number): void {
    this.#pending = { place, readyAt: launchAt + this.#timing.launch, billedFrom };
  }

  #try(place: Place, succeeds: boolean, at: number): boolean {
    this.#ledger.attempts += 1;
    if (place !== onDemand) this.#policy.tried?.(place, succeeds, at);
    return succeeds;
  }
}
