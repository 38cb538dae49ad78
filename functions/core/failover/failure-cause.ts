import type { FailureCause } from '../../shared/schema.ts';

/** EC2's error codes by what they say: of the pool, of the tenant's account, of what its role may do, or of our haste. */
const codes: readonly (readonly [FailureCause, RegExp])[] = [
  [
    'capacity',
    /Insufficient(Instance|Host|ReservedInstance|Address|Volume)?Capacity|SpotMaxPriceTooLow|\bUnsupported\b/,
  ],
  [
    'quota',
    /MaxSpotInstanceCountExceeded|(Instance|Vcpu|VcpuLimit|Volume|Address|NetworkInterface|Snapshot)LimitExceeded/,
  ],
  [
    'permission',
    /UnauthorizedOperation|AccessDenied|AuthFailure|OptInRequired|PendingVerification|InvalidClientTokenId/,
  ],
  ['throttle', /RequestLimitExceeded|Throttl/],
];

/** So much of a message tells EC2's code. */
export const codeLength = 200;

/**
 * Why a launch failed, as the agent's message tells: botocore's "An error occurred (InsufficientInstanceCapacity) when
 * calling …". A pool's lack of capacity is the same for all tenants; any other cause is the tenant's own.
 */
export const failureCauseOf = (message: string): FailureCause =>
  codes.find(([, code]) => code.test(message))?.[0] ?? 'other';
