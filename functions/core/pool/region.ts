/**
 * The region that a zone or region lies in; `undefined` for what has not the shape of a region's name, which must not become
 * part of a host name.
 */
const regionOf = (place: string | null): string | undefined =>
  /^([a-z]{2}(?:-[a-z]{2,9}){1,2}-\d)(?:[a-z]|-[a-z]{3}-\d[a-z])?$/.exec(place ?? '')?.[1];

interface Place {
  readonly region: string | null;
  readonly az: string | null;
}

/**
 * The region in which to ask about an instance; `undefined` when neither zone nor region can be one. The zone is believed
 * first: agents read the zone off the instance, and the region from their environment (protocol A1).
 */
export const regionToAsk = ({ region, az }: Place): string | undefined => regionOf(az) ?? regionOf(region);
