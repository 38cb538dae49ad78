/** What Python makes of times and names, where the agents send it. */

/** `datetime.isoformat()` of a time in UTC that knows its zone: `2026-11-23T13:51:30.929000+00:00`. */
export const isoformatAware = (time: Date) => `${naive(time)}+00:00`;

/** `datetime.utcnow().isoformat() + 'Z'`. */
export const isoformatZ = (time: Date) => `${naive(time)}Z`;

/** In microseconds, and without a fraction where it is zero. */
const naive = (time: Date) =>
  time.toISOString().replace(/\.(\d{3})Z$/, (_, milliseconds) => (milliseconds === '000' ? '' : `.${milliseconds}000`));

/** The name EC2 gives a machine. */
export const hostnameOf = (privateIp: string) => `ip-${privateIp.replaceAll('.', '-')}`;
