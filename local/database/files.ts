import { join } from 'node:path';

/** What a data directory holds. */
export const filesIn = (dir: string) => ({
  dir,
  /** The server's own files. */
  data: join(dir, 'data'),
  log: join(dir, 'error.log'),
  password: join(dir, 'password'),
  /** Statements that the server runs at startup. */
  setup: join(dir, 'setup.sql'),
  /** Pid of the Node process that serves this folder. */
  owner: join(dir, 'owner.pid'),
  /** Pid of its server. */
  server: join(dir, 'server.pid'),
});

export type Files = ReturnType<typeof filesIn>;
