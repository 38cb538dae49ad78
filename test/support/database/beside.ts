import { type Connection, createConnection } from 'mariadb';
import { inject } from 'vitest';

/**
 * A direct connection to the run's database server, not through the Data API: injected faults do not strike it, and
 * locks of dead transactions do not block its reads. Times are text, as the database writes them; one query may hold
 * several statements.
 */
export const connectBeside = (database?: string): Promise<Connection> =>
  createConnection({
    ...inject('database'),
    database,
    dateStrings: true,
    bigIntAsNumber: true,
    multipleStatements: true,
    allowPublicKeyRetrieval: true,
  });

/** A direct connection to the schema of the rig that runs now. */
export const connectToRig = () => connectBeside(process.env.DATABASE_NAME!);
