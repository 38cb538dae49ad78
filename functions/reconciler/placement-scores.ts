import {
  DescribeAvailabilityZonesCommand,
  EC2Client,
  GetSpotPlacementScoresCommand,
  type SpotPlacementScore,
} from '@aws-sdk/client-ec2';
import type { PlacementScore } from '../core/pool/placement-scores.ts';
import { patience, reachAws } from './aws.ts';

/** Fewer than fifty instances nearly always score ten, which says nothing (docs/adr/0064). */
const targetCapacity = 50;

/** Asks EC2 in one region, with our own credentials. Scores name zones by id; the ids are read once. */
export class ScoreReader {
  readonly #ec2: EC2Client;
  readonly #region: string;
  #zones: Promise<ReadonlyMap<string, string>> | undefined;

  constructor(region: string) {
    this.#region = region;
    this.#ec2 = new EC2Client({ ...patience, region });
  }

  /** @throws AwsFailure */
  read(instanceType: string): Promise<PlacementScore[]> {
    return reachAws(async () => {
      this.#zones ??= this.#readZones();
      const zones = await this.#zones;
      const { SpotPlacementScores = [] } = await this.#ec2.send(
        new GetSpotPlacementScoresCommand({
          InstanceTypes: [instanceType],
          TargetCapacity: targetCapacity,
          SingleAvailabilityZone: true,
          RegionNames: [this.#region],
          MaxResults: 30,
        }),
      );
      return SpotPlacementScores.flatMap((one) => scoreOf(one, zones));
    });
  }

  async #readZones(): Promise<ReadonlyMap<string, string>> {
    const { AvailabilityZones = [] } = await this.#ec2.send(new DescribeAvailabilityZonesCommand({}));
    return new Map(
      AvailabilityZones.flatMap(({ ZoneId, ZoneName }) => (ZoneId && ZoneName ? [[ZoneId, ZoneName]] : [])),
    );
  }

  close(): void {
    this.#ec2.destroy();
  }
}

function scoreOf({ AvailabilityZoneId, Score }: SpotPlacementScore, zones: ReadonlyMap<string, string>) {
  const az = zones.get(AvailabilityZoneId ?? '');
  return az === undefined || Score === undefined ? [] : [{ az, score: Score }];
}
