import { describe, expect, it } from 'vitest';
import { regionToAsk } from '../../../../functions/core/pool/region.ts';

describe('the region to ask about an instance', () => {
  it.each([
    ['us-east-1a', null, 'us-east-1'],
    ['eu-west-1b', 'us-east-1', 'eu-west-1'],
    ['us-west-2-lax-1a', null, 'us-west-2'],
    ['us-gov-west-1a', null, 'us-gov-west-1'],
    [null, 'ap-southeast-2', 'ap-southeast-2'],
    ['unknown', 'us-east-1', 'us-east-1'],
    ['evil#1a', 'x.example.com/', undefined],
    [null, null, undefined],
  ])('of zone %s and region %s is %s', (az, region, asked) => {
    expect(regionToAsk({ region, az })).toBe(asked);
  });
});
