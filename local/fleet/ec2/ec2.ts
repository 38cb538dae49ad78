import { randomBytes } from 'node:crypto';
import { type Market, poolOf, priceAt, spotCost } from '../../market/market.ts';
import { type Random, seeded } from '../../random.ts';

export type Mode = 'spot' | 'ondemand';
export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'terminated';

/** Why somebody called RunInstances. */
export type Cause =
  | { readonly kind: 'start' }
  | { readonly kind: 'command'; readonly id: string }
  | { readonly kind: 'replica'; readonly id: string }
  | { readonly kind: 'owner' };

export interface LaunchRequest {
  readonly type: string;
  readonly az: string;
  readonly mode: Mode;
  /** The machine's tag: the logical id of the agent that it works for. */
  readonly agent: string;
  readonly cause: Cause;
  /** A second request with the same token gets the machine of the first. */
  readonly clientToken?: string;
}

export interface Instance extends LaunchRequest {
  readonly id: string;
  readonly amiId: string;
  readonly privateIp: string;
  /** Null in a private subnet, where every second machine stands. */
  readonly publicIp: string | null;
  readonly launchedAt: Date;
  readonly runningAt: Date;
  /** When it was told to stop, by its owner or by EC2; it is not billed after that. */
  readonly stoppedAt: Date | undefined;
  readonly interrupted: boolean;
}

/** What EC2 will do to a Spot machine: announce a risk, then the end, and end it. */
export interface Interruption {
  readonly rebalanceAt?: Date | undefined;
  /** The recommendation is followed by no interruption of its own. */
  readonly isFalseAlarm?: boolean;
  readonly noticeAt?: Date | undefined;
  /** Two minutes after the notice, unless it is said here. */
  readonly endAt?: Date | undefined;
}

const noticeMs = 120_000;

/** When EC2 takes the machine; undefined when all there is was a false alarm. */
export const endOf = ({ noticeAt, endAt }: Interruption): Date | undefined =>
  endAt ?? (noticeAt && new Date(noticeAt.getTime() + noticeMs));

export interface Ec2Options {
  readonly market: Market;
  readonly seed: number;
  /** From RunInstances until the machine runs. */
  readonly bootSeconds?: number;
  /** Whether a launch finds capacity; by default a Spot pool has capacity while it has a price. */
  readonly hasCapacity?: (request: LaunchRequest, now: Date) => boolean;
  /** What is to happen to a new Spot machine; by default nothing. */
  readonly interruptionOf?: (instance: Instance) => Interruption | undefined;
  /** Whether a launch is refused because there were too many calls; by default none is. */
  readonly isThrottled?: ((request: LaunchRequest) => boolean) | undefined;
  /** Told of each machine that starts, is told to stop, or will be interrupted: whoever plays the machine. */
  readonly onLaunch?: (instance: Instance, interruption: Interruption | undefined) => void;
  readonly onStop?: (instance: Instance) => void;
}

/** A call that EC2 refuses; `code` is its error code. */
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

/** How long a machine is `shutting-down`. */
export const shutdownSeconds = 20;
const freeOfChargeMs = 3600_000;

/** EC2 for one account, scripted: what it does is a function of the market, the options and the times it is given. */
export class Ec2 {
  readonly #options: Ec2Options;
  readonly #random: Random;
  readonly #instances = new Map<string, Instance>();

  constructor(options: Ec2Options) {
    this.#options = options;
    this.#random = seeded(options.seed);
  }

  /** Every machine there ever was, in the order of the RunInstances calls. */
  get instances(): readonly Instance[] {
    return [...this.#instances.values()];
  }

  /** @throws Ec2Error when there is no such pool, or no capacity in it, or when the call is one too many */
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

  /** Stops a machine; one that has stopped already stays as it is. */
  terminate(id: string, now: Date): void {
    this.#stop(id, now, false);
  }

  /** Takes a machine back, as EC2 does two minutes after its notice. */
  interrupt(id: string, now: Date): void {
    this.#stop(id, now, true);
  }

  describe(id: string, now: Date): { readonly instance: Instance; readonly state: InstanceState } {
    const instance = this.#instance(id);
    return { instance, state: stateOf(instance, now) };
  }

  /** What a machine has cost so far, USD, by the second; free when EC2 took it back within its first hour. */
  costOf(instance: Instance, now: Date): number {
    const until = new Date(Math.min(now.getTime(), instance.stoppedAt?.getTime() ?? Number.POSITIVE_INFINITY));
    const runtime = until.getTime() - instance.runningAt.getTime();
    if (runtime <= 0 || (instance.interrupted && runtime < freeOfChargeMs)) return 0;
    const { market } = this.#options;
    if (instance.mode === 'ondemand') return (market.onDemandPrice * runtime) / 3600_000;
    return spotCost(poolOf(market, instance.az)!, instance.runningAt, until);
  }

  /** What all machines have cost so far, USD. */
  bill(now: Date): number {
    return this.instances.reduce((total, instance) => total + this.costOf(instance, now), 0);
  }

  #checkLaunch(request: LaunchRequest, now: Date): void {
    const { market, hasCapacity, isThrottled } = this.#options;
    if (isThrottled?.(request)) throw new Ec2Error('RequestLimitExceeded', 'request limit exceeded');
    const pool = poolOf(market, request.az);
    if (request.type !== market.instanceType)
      throw new Ec2Error('InvalidParameterValue', `${request.type} is not sold here, only ${market.instanceType}`);
    if (!pool) throw new Ec2Error('InvalidParameterValue', `there is no zone ${request.az} in ${market.region}`);
    const sold = request.mode === 'ondemand' || priceAt(pool, now) !== null;
    if (sold && (hasCapacity?.(request, now) ?? true)) return;
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

export function stateOf({ runningAt, stoppedAt }: Instance, now: Date): InstanceState {
  if (stoppedAt && now.getTime() >= stoppedAt.getTime() + shutdownSeconds * 1000) return 'terminated';
  if (stoppedAt) return 'shutting-down';
  return now < runningAt ? 'pending' : 'running';
}

/** Unlike any other run's, as the control plane's database may outlive this EC2; nothing depends on the value. */
const newInstanceId = () => `i-0${randomBytes(8).toString('hex')}`;
