/** A process that serves a data directory until it is ended: `node database-owner.ts <data directory>`. */
import { startDatabase } from '../../../local/database/server.ts';

const { description } = await startDatabase({ dataDir: process.argv[2]! });
console.log(description);
setInterval(() => {}, 60_000);
