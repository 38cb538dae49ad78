/**
 * `npm run test:mysql`: runs the tests that depend on the database on a genuine MySQL; all other runs use MariaDB
 * (docs/adr/0016). After `--` it takes other test files, and options of vitest.
 */
import { parseCLI, startVitest } from 'vitest/node';
import type { LocalDatabase } from '../local/database/address.ts';
import { NoServer } from '../local/database/install/obtain.ts';
import { emptyDatabase } from './support/run/empty-database.ts';
import { countTests } from './support/run/reporter.ts';

/** Run by default: migrations, dialect and every service; the local Data API; functions killed between their calls. */
const usual = ['test/functions/', 'test/local/aws/data-api', 'test/local/database/', 'test/system/crash-matrix'];

// The server that was started ends at process.exit (local/database/run/end-with-this-process.ts).
const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
for (const [signal, code] of Object.entries(signals)) process.on(signal, () => process.exit(code));

const seconds = () => `${(performance.now() / 1000).toFixed(0)} s`;

const { filter, options } = parseCLI(['vitest', ...process.argv.slice(2)]);
const database = await emptyDatabase({ dataDir: '.local/test-mysql', engine: 'mysql' }).catch(sayThatThereIsNone);
if (database) {
  console.log(`${database.description}, ready after ${seconds()}`);
  await runTests(database).finally(() => database.stop());
}

function sayThatThereIsNone(error: Error): undefined {
  if (!(error instanceof NoServer)) throw error;
  const line = '!'.repeat(80);
  console.log(`${line}\nMySQL not installed: its run was skipped, because ${error.reason}\n${error.advice}\n${line}`);
}

/** Runs the tests and prints their totals. Sets the exit code if a test fails. */
async function runTests({ host, port, user, password, description }: LocalDatabase): Promise<void> {
  process.env.SPOT_DATABASE_URL = `mysql://${user}:${encodeURIComponent(password)}@${host}:${port}`;
  const files = filter.length > 0 ? filter : usual;
  const vitest = await startVitest('test', files, {
    ...options,
    run: true,
    project: ['tests'],
    reporters: ['default'],
  });
  const modules = vitest.state.getTestModules();
  const { passed, failed, skipped } = countTests(modules, vitest.state.getUnhandledErrors());
  await vitest.close();
  const tests = `${passed + failed + skipped} tests, failures ${failed}${skipped > 0 ? `, skipped ${skipped}` : ''}`;
  console.log(`${description}: ${modules.length} test files, ${tests}, ${seconds()} in all`);
}
