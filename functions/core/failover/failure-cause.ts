import { sql } from 'kysely';
import type { FailureCause } from '../../shared/schema.ts';

/** EC2's error codes by cause: the pool's capacity, the account's quota, the role's permissions, or throttling. */
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

/** The capacity codes as a pattern for SQL's REGEXP; columns compare case-sensitively, as it does. */
export const capacityPattern = codes[0]![1].source;

/** Whether the launch of the standby `r` was handed out: an agent can report any standby as failed. */
export const wasTried = sql<boolean>`(r.launch_claimed_at IS NOT NULL OR r.instance_id IS NOT NULL)`;

/** EC2's error code appears within this many characters of a message. */
export const codeLength = 200;

/**
 * Derives the cause of a failed launch from the agent's message, such as botocore's "An error occurred
 * (InsufficientInstanceCapacity) when calling …". Only a lack of capacity in the pool is the same for all tenants.
 */
export const failureCauseOf = (message: string): FailureCause =>
  codes.find(([, code]) => code.test(message))?.[0] ?? 'other';
