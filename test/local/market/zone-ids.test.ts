import { expect, it } from 'vitest';
import { zoneOfId } from '../../../local/market/zone-ids.ts';

it.each([
  ['euw3-az2', 'eu-west-3b'],
  ['use1-az1', 'us-east-1a'],
  ['apne2-az4', 'ap-northeast-2d'],
  ['apse1-az1', 'ap-southeast-1a'],
  ['aps1-az3', 'ap-south-1c'],
  ['cac1-az1', 'ca-central-1a'],
  ['usgw1-az2', 'us-gov-west-1b'],
  ['us-east-1a', undefined],
  ['use1-az0', undefined],
  ['use1-az27', undefined],
])('%s is mapped to %s', (id, zone) => {
  expect(zoneOfId(id)).toBe(zone);
});
