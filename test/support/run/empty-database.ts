import type { LocalDatabase } from '../../../local/database/address.ts';
import { DatabaseInUse } from '../../../local/database/claim.ts';
import { type DatabaseOptions, startDatabase } from '../../../local/database/server.ts';

/** Starts an empty server. If another run uses the folder, as in a watching terminal, takes the next folder. */
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
