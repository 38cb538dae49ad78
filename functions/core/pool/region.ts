/** Of a region: `us-east-1`, `us-gov-west-1`, `eusc-de-east-1`. */
const region = '[a-z]{2,4}(?:-[a-z]{2,9}){1,2}-\\d';
/** What a zone's name adds to its region's: of an availability zone, a Local Zone, a Wavelength Zone. */
const zone = '[a-z]|-[a-z]{3}-\\d[a-z]|-wl\\d-[a-z]{3}-wlz-\\d';

/** The shape of a zone's name, as a JSON Schema says it too. */
export const zoneShape = `^(${region})(?:${zone})$`;
const zonePattern = new RegExp(zoneShape);
const regionPattern = new RegExp(`^${region}$`);

/** The region that a zone lies in; `undefined` for what has not the shape of a zone's name. */
export const regionOfZone = (az: string | null | undefined): string | undefined => zonePattern.exec(az ?? '')?.[1];

/** Whether a zone is no Local or Wavelength Zone. A region can have 26 at most, as its letter is what sets it apart. */
export const isAvailabilityZone = (az: string) => az.length === (regionOfZone(az)?.length ?? 0) + 1;

interface Place {
  readonly region: string | null;
  readonly az: string | null;
}

/**
 * The region in which to ask about an instance; `undefined` when neither zone nor region can be one, which must not become
 * part of a host name. The zone is believed first: agents read the zone off the instance, and the region from their
 * environment (protocol A1).
 */
export const regionToAsk = ({ region, az }: Place): string | undefined =>
  regionOfZone(az) ?? (region !== null && regionPattern.test(region) ? region : undefined);

/** A zone with its region; neither where the zone has not the shape of one. What an instance claims as its region is not asked. */
export function placeOf(az: string | null | undefined): { readonly region?: string; readonly az?: string } {
  const region = regionOfZone(az);
  return az && region ? { region, az } : {};
}
