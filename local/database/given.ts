import { type LocalDatabase, serverVersion } from './address.ts';

/**
 * The server that SPOT_DATABASE_URL names. Nothing here stops it.
 * @throws Error when it does not respond, or is not the engine that is wanted
 */
export async function givenDatabase(url: URL, engine?: 'mysql'): Promise<LocalDatabase> {
  const address = {
    host: url.hostname,
    port: Number(url.port || 3306),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
  const version = await serverVersion(address);
  if (engine === 'mysql' && !version.startsWith('MySQL '))
    throw new Error(`SPOT_DATABASE_URL leads to ${version}: a genuine MySQL is wanted`);
  return { ...address, description: `${version} at ${url.host} (SPOT_DATABASE_URL)`, stop: async () => {} };
}
