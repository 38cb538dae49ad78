import { mkdir, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { LocalDatabase } from './address.ts';
import { claim } from './claim.ts';
import { filesIn } from './files.ts';
import { givenDatabase } from './given.ts';
import { obtainServer } from './install/obtain.ts';
import { runInDocker } from './run/docker.ts';
import { runHere } from './run/here.ts';

export interface DatabaseOptions {
  /** Where the data, the error log and the pid files live; kept between runs. Created if missing. */
  dataDir: string;
  /** Starts with empty data. */
  fresh?: boolean;
  /** Only a genuine MySQL is accepted. */
  engine?: 'mysql';
  /** Called with what is worth knowing during startup, such as an installation. */
  say?: (line: string) => void;
}

/**
 * A MySQL-compatible server for this machine: the one of SPOT_DATABASE_URL, else one of our own that listens on
 * 127.0.0.1 and ends with this process. `install/` obtains its programs, and `claim.ts` ensures that it is the only one
 * on its data. What is installed for it goes beside `dataDir`.
 * @throws DatabaseInUse when the `dataDir` is served already
 * @throws NoServer when no server can be obtained
 * @throws Error when the server does not start; the message ends with the tail of its error log
 */
export async function startDatabase(options: DatabaseOptions): Promise<LocalDatabase> {
  const given = process.env.SPOT_DATABASE_URL;
  if (given) return await givenDatabase(new URL(given), options.engine);

  const say = options.say ?? (() => {});
  const files = filesIn(resolve(options.dataDir));
  await mkdir(files.dir, { recursive: true, mode: 0o700 });
  const unclaim = await claim(files, say);
  try {
    if (options.fresh) await rm(files.data, { recursive: true, force: true });
    const programs = await obtainServer({ dir: dirname(files.dir), say, engine: options.engine });
    const database = await (programs === 'docker' ? runInDocker(files) : runHere(programs, files));
    return { ...database, stop: () => database.stop().finally(unclaim) };
  } catch (error) {
    await unclaim();
    throw error;
  }
}
