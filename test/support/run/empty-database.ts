import type { LocalDatabase } from '../../../local/database/address.ts';
import { DatabaseInUse } from '../../../local/database/claim.ts';
import { type DatabaseOptions, startDatabase } from '../../../local/database/server.ts';

/** A server with nothing in it. Another run may be under way in this folder, as in a watching terminal: then the next one. */
export async function emptyDatabase(
  { dataDir, ...options }: Pick<DatabaseOptions, 'dataDir' | 'engine'>,
  run = 1,
): Promise<LocalDatabase> {
  try {
    const ofRun = run === 1 ? dataDir : `${dataDir}-${run}`;
    return await startDatabase({ ...options, dataDir: ofRun, fresh: true, say: (line) => console.log(line) });
  } catch (error) {
    if (error instanceof DatabaseInUse && run < 8) return emptyDatabase({ dataDir, ...options }, run + 1);
    throw error;
  }
}
