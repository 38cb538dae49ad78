import { expect, it } from 'vitest';
import { failureCauseOf } from '../../../../functions/core/failover/failure-cause.ts';

const said = (code: string) => `An error occurred (${code}) when calling the RunInstances operation: so it is`;

it.each([
  ['InsufficientInstanceCapacity', 'capacity'],
  ['InsufficientHostCapacity', 'capacity'],
  ['SpotMaxPriceTooLow', 'capacity'],
  ['Unsupported', 'capacity'],
  ['MaxSpotInstanceCountExceeded', 'quota'],
  ['VcpuLimitExceeded', 'quota'],
  ['InstanceLimitExceeded', 'quota'],
  ['UnauthorizedOperation', 'permission'],
  ['AccessDenied', 'permission'],
  ['OptInRequired', 'permission'],
  ['RequestLimitExceeded', 'throttle'],
  ['Throttling', 'throttle'],
  ['InvalidAMIID.NotFound', 'other'],
  ['UnsupportedOperation', 'other'],
])('%s is attributed to %s', (code, cause) => {
  expect(failureCauseOf(said(code))).toBe(cause);
});

it('a message without an error code has the cause "other"', () => {
  expect(failureCauseOf('no reason given')).toBe('other');
});
