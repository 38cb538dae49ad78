import { type Connection, createConnection } from 'mariadb';
import { inject } from 'vitest';

/**
 * A connection to the run's server beside the Data API, where no injected fault strikes and no lock of a dead transaction
 * is in the way of reading. Times are text, as the database writes them; a text may hold several statements.
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

/** The schema of the rig that runs now, beside the Data API. */
export const connectToRig = () => connectBeside(process.env.DATABASE_NAME!);
