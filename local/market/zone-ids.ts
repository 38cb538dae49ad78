/** The parts of a region's name that a zone id shortens to a letter or two. */
const directions: Readonly<Record<string, string>> = {
  n: 'north',
  ne: 'northeast',
  nw: 'northwest',
  e: 'east',
  se: 'southeast',
  s: 'south',
  sw: 'southwest',
  w: 'west',
  c: 'central',
};

/**
 * The zone that an AZ id may stand for: `eu-west-3b` for `euw3-az2`. Ids name the same place in every account and names
 * do not, so this is a guess from the number; whoever imports prices is told so. `undefined` for anything but an AZ id.
 */
export function zoneOfId(id: string): string | undefined {
  const [, area, gov, direction = '', region, number] =
    /^([a-z]{2})(g?)(n|ne|nw|e|se|s|sw|w|c)(\d)-az(\d{1,2})$/.exec(id) ?? [];
  const name = directions[direction];
  if (!area || !name || Number(number) < 1 || Number(number) > 26) return undefined;
  const letter = String.fromCharCode(96 + Number(number));
  return `${area}${gov ? '-gov' : ''}-${name}-${region}${letter}`;
}
