import { AwsError } from './errors.ts';
import type { Xml } from './xml.ts';

/** A zone's name in one account, and its id, which is the same in all accounts. */
export interface Zone {
  readonly name: string;
  readonly id: string;
}

/** The zones of a region as our own account has them: `us-east-1a` is `us-east-1-az1`. */
export const zonesOf = (region: string): readonly Zone[] =>
  [...'abcdef'].map((letter, i) => ({ name: `${region}${letter}`, id: `${region}-az${i + 1}` }));

export const describeAvailabilityZones = (region: string): Xml => ({
  availabilityZoneInfo: zonesOf(region).map(({ name, id }) => ({
    zoneName: name,
    zoneId: id,
    regionName: region,
    zoneState: 'available',
    zoneType: 'availability-zone',
  })),
});

/** A zone's Spot placement score for an instance type. */
export interface ZoneScore {
  readonly zoneId: string;
  readonly score: number;
}

/** EC2 returns the ten best zones, for one configuration at a time. */
const most = 10;

export function getSpotPlacementScores(
  scoresOf: (region: string, instanceType: string) => readonly ZoneScore[],
  parameters: URLSearchParams,
): Xml {
  const [region, instanceType] = [parameters.get('RegionName.1'), parameters.get('InstanceType.1')];
  if (!region || !instanceType || parameters.get('SingleAvailabilityZone') !== 'true')
    throw new AwsError('InvalidParameterValue', 'Only one type is scored here, by the zones of one region');
  return {
    spotPlacementScoreSet: scoresOf(region, instanceType)
      .toSorted((a, b) => b.score - a.score)
      .slice(0, most)
      .map(({ zoneId, score }) => ({ region, availabilityZoneId: zoneId, score })),
  };
}
