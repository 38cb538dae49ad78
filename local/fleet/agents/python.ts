/** Times and names as the agents, which are written in Python, send them. */

/** `datetime.isoformat()` of a UTC time with its zone: `2026-11-23T13:51:30.929000+00:00`. */
export const isoformatAware = (time: Date) => `${naive(time)}+00:00`;

/** `datetime.utcnow().isoformat() + 'Z'`. */
export const isoformatZ = (time: Date) => `${naive(time)}Z`;

/** With microseconds, or without a fraction when it is zero. */
const naive = (time: Date) =>
  time.toISOString().replace(/\.(\d{3})Z$/, (_, milliseconds) => (milliseconds === '000' ? '' : `.${milliseconds}000`));

/** The hostname that EC2 gives an instance. */
export const hostnameOf = (privateIp: string) => `ip-${privateIp.replaceAll('.', '-')}`;
