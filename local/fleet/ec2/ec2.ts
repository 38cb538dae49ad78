import { randomBytes } from 'node:crypto';
import { type Market, poolOf, priceAt } from '../../market/market.ts';
import { type Random, seeded } from '../../random.ts';
import { costOf } from './billing.ts';
import { type Instance, type InstanceState, type LaunchRequest, stateOf } from './instance.ts';
import type { Interruption } from './interruption.ts';

export interface Ec2Options {
  readonly market: Market;
  readonly seed: number;
  /** From RunInstances until the instance runs. */
  readonly bootSeconds?: number;
  /** Whether a launch finds capacity. By default a Spot pool has capacity while it has a price. */
  readonly hasCapacity?: (request: LaunchRequest, now: Date) => boolean;
  /** What will happen to a new Spot instance; by default nothing. */
  readonly interruptionOf?: (instance: Instance) => Interruption | undefined;
  /** Whether EC2 throttles a launch; by default it throttles none. */
  readonly isThrottled?: ((request: LaunchRequest) => boolean) | undefined;
  /** Called for each new instance: the caller simulates what runs on it. */
  readonly onLaunch?: (instance: Instance, interruption: Interruption | undefined) => void;
  readonly onStop?: (instance: Instance) => void;
}

/** A call that EC2 refuses; `code` is EC2's error code. */
export class Ec2Error extends Error {
  readonly code:
    | 'InsufficientInstanceCapacity'
    | 'InvalidParameterValue'
    | 'InvalidInstanceID.NotFound'
    | 'RequestLimitExceeded';

  constructor(code: Ec2Error['code'], message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/** A simulated EC2 for one account. It has no clock: the caller gives the time with each call. */
export class Ec2 {
  readonly #options: Ec2Options;
  readonly #random: Random;
  readonly #instances = new Map<string, Instance>();

  constructor(options: Ec2Options) {
    this.#options = options;
    this.#random = seeded(options.seed);
  }

  /** Every instance ever launched, in launch order. */
  get instances(): readonly Instance[] {
    return [...this.#instances.values()];
  }

  /** @throws Ec2Error when the pool does not exist or has no capacity, or when the call is throttled */
  runInstances(request: LaunchRequest, now: Date): Instance {
    const { clientToken, mode } = request;
    const earlier = clientToken && this.instances.find((instance) => instance.clientToken === clientToken);
    if (earlier) return earlier;
    this.#checkLaunch(request, now);
    const instance: Instance = {
      ...request,
      id: newInstanceId(),
      amiId: 'ami-0f00dfacecafe0001',
      ...this.#addresses(),
      launchedAt: now,
      runningAt: new Date(now.getTime() + (this.#options.bootSeconds ?? 30) * 1000),
      stoppedAt: undefined,
      interrupted: false,
    };
    this.#instances.set(instance.id, instance);
    this.#options.onLaunch?.(instance, mode === 'spot' ? this.#options.interruptionOf?.(instance) : undefined);
    return instance;
  }

  /** Terminates an instance. Does nothing to one that has stopped already. @throws Ec2Error when there is none */
  terminate(id: string, now: Date): void {
    this.#stop(id, now, false);
  }

  /** Ends a Spot instance as EC2 does after its notice. @throws Ec2Error when there is none */
  interrupt(id: string, now: Date): void {
    this.#stop(id, now, true);
  }

  /** @throws Ec2Error when there is no such instance */
  describe(id: string, now: Date): { readonly instance: Instance; readonly state: InstanceState } {
    const instance = this.#instance(id);
    return { instance, state: stateOf(instance, now) };
  }

  /** What an instance has cost so far, USD. */
  costOf(instance: Instance, now: Date): number {
    return costOf(instance, this.#options.market, now);
  }

  /** What all instances have cost so far, USD. */
  bill(now: Date): number {
    return this.instances.reduce((total, instance) => total + this.costOf(instance, now), 0);
  }

  #checkLaunch(request: LaunchRequest, now: Date): void {
    const { market, hasCapacity, isThrottled } = this.#options;
    if (isThrottled?.(request)) throw new Ec2Error('RequestLimitExceeded', 'request limit exceeded');
    const pool = poolOf(market, request.az);
    if (request.type !== market.instanceType)
      throw new Ec2Error('InvalidParameterValue', `${request.type} is not offered here, only ${market.instanceType}`);
    if (!pool) throw new Ec2Error('InvalidParameterValue', `there is no zone ${request.az} in ${market.region}`);
    const isOffered = request.mode === 'ondemand' || priceAt(pool, now) !== null;
    if (isOffered && (hasCapacity?.(request, now) ?? true)) return;
    throw new Ec2Error(
      'InsufficientInstanceCapacity',
      `no ${request.mode} capacity for ${request.type} in ${request.az}`,
    );
  }

  #stop(id: string, now: Date, interrupted: boolean): void {
    const instance = this.#instance(id);
    if (instance.stoppedAt) return;
    const stopped = { ...instance, stoppedAt: now, interrupted };
    this.#instances.set(id, stopped);
    this.#options.onStop?.(stopped);
  }

  #instance(id: string): Instance {
    const instance = this.#instances.get(id);
    if (!instance) throw new Ec2Error('InvalidInstanceID.NotFound', `the instance ID '${id}' does not exist`);
    return instance;
  }

  #addresses(): Pick<Instance, 'privateIp' | 'publicIp'> {
    const host = () => `${Math.floor(this.#random() * 256)}.${1 + Math.floor(this.#random() * 254)}`;
    return {
      privateIp: `10.0.${host()}`,
      publicIp: this.#random() < 0.5 ? null : `203.0.113.${1 + Math.floor(this.#random() * 254)}`,
    };
  }
}

/** Random even for a fixed seed: the database may still hold an earlier run's ids. No behaviour depends on the value. */
const newInstanceId = () => `i-0${randomBytes(8).toString('hex')}`;
