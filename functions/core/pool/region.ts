/** Pattern of a region name: `us-east-1`, `us-gov-west-1`, `eusc-de-east-1`. */
const region = '[a-z]{2,4}(?:-[a-z]{2,9}){1,2}-\\d';
/** What a zone's name adds to the region's: for an availability zone, a Local Zone, a Wavelength Zone. */
const zone = '[a-z]|-[a-z]{3}-\\d[a-z]|-wl\\d-[a-z]{3}-wlz-\\d';

/** The pattern of a zone name, also used in JSON Schema. */
export const zoneShape = `^(${region})(?:${zone})$`;
const zonePattern = new RegExp(zoneShape);
const regionPattern = new RegExp(`^${region}$`);

/** The region of a zone; `undefined` if the text is not a valid zone name. */
export const regionOfZone = (az: string | null | undefined): string | undefined => zonePattern.exec(az ?? '')?.[1];

/** Whether a zone is an availability zone. A region has at most 26, because their names differ in one letter. */
export const isAvailabilityZone = (az: string) => az.length === (regionOfZone(az)?.length ?? 0) + 1;

interface Place {
  readonly region: string | null;
  readonly az: string | null;
}

/**
 * The region in which to ask about an instance; `undefined` if neither zone nor region is valid, because an invalid one
 * must not become part of a host name. The zone takes precedence: agents read it from the instance, but the region from
 * their environment (protocol A1).
 */
export const regionToAsk = ({ region, az }: Place): string | undefined =>
  regionOfZone(az) ?? (region !== null && regionPattern.test(region) ? region : undefined);

/** A zone and its region; empty if the zone name is invalid. The region that an instance claims is not used. */
export function placeOf(az: string | null | undefined): { readonly region?: string; readonly az?: string } {
  const region = regionOfZone(az);
  return az && region ? { region, az } : {};
}
