export type Mode = 'spot' | 'ondemand';
export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'terminated';

/** Why RunInstances was called. */
export type Cause =
  | { readonly kind: 'start' }
  | { readonly kind: 'command'; readonly id: string }
  | { readonly kind: 'replica'; readonly id: string }
  | { readonly kind: 'auto recovery' };

export interface LaunchRequest {
  readonly type: string;
  readonly az: string;
  readonly mode: Mode;
  /** The instance's tag: the logical id of its agent. */
  readonly agent: string;
  readonly cause: Cause;
  /** A second request with the same token returns the instance of the first. */
  readonly clientToken?: string;
}

/** An instance as EC2 describes it. */
export interface Instance extends LaunchRequest {
  readonly id: string;
  readonly amiId: string;
  readonly privateIp: string;
  /** Null in a private subnet, where about half of the instances are. */
  readonly publicIp: string | null;
  readonly launchedAt: Date;
  readonly runningAt: Date;
  /** When it was terminated, by a TerminateInstances call or by EC2. Billing ends here. */
  readonly stoppedAt: Date | undefined;
  readonly interrupted: boolean;
}

/** How long an instance is `shutting-down`. */
export const shutdownSeconds = 20;

export function stateOf({ runningAt, stoppedAt }: Instance, now: Date): InstanceState {
  if (stoppedAt && now.getTime() >= stoppedAt.getTime() + shutdownSeconds * 1000) return 'terminated';
  if (stoppedAt) return 'shutting-down';
  return now < runningAt ? 'pending' : 'running';
}

/** Whether it is pending or running. */
export const isUp = ({ stoppedAt }: Instance): boolean => stoppedAt === undefined;
