import { msSince } from '../shared/time.ts';

const units = [
  { unit: 'd', minutes: 24 * 60 },
  { unit: 'h', minutes: 60 },
  { unit: 'min', minutes: 1 },
] as const;

/** How long ago something was, in the largest unit that fits: `12 min`, `3 h`, `2 d`. */
export function elapsedSince(at: Date, now: Date) {
  const minutes = Math.max(0, Math.floor(msSince(at, now) / 60_000));
  const { unit, minutes: size } = units.find((one) => minutes >= one.minutes) ?? units[2];
  const value = Math.floor(minutes / size);
  return { value, unit, formatted: `${value} ${unit}`, minutes };
}
