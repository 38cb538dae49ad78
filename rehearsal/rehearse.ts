/**
 * `npm run rehearse`: deploys the production stack to a local AWS emulator. See `npm run rehearse -- --help`.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createConnection } from 'mariadb';
import { startDataApi } from '../local/aws/data-api/server.ts';
import { commandHelp, failCommand, flag, option, readCommandLine, text } from '../local/command-line.ts';
import { startDatabase } from '../local/database/server.ts';
import { Api } from './api.ts';
import { type Assembly, assemble, gaps, stackName } from './assembly.ts';
import { Cdk, CdkFailed } from './deploy.ts';
import { startEmulator } from './emulator.ts';
import { firstAgent, notice, schedules } from './scenes.ts';
import { DeployedStack } from './stack.ts';
import { installTools, MissingTools } from './tools.ts';

const options = {
  dataDir: option('data-dir DIR', text, 'where the emulator, its log and the database are', '.local/rehearsal'),
  ifPossible: flag('if-possible', 'say so and end well where the emulator cannot be installed, as CI does'),
  help: flag('help', 'show this text'),
};

const purpose =
  'Deploys the production stack to an emulator of AWS on this machine, with the CDK CLI and the real bundles: a first deployment that ' +
  'fails, one that succeeds, requests of an agent, a notice of EC2 through bus, queue and function, jobs by their schedules, an upgrade ' +
  'with a migration, one that fails and is rolled back, the older version on the newer tables, and the removal of the stack. The emulator ' +
  'is installed by pip, which needs Python 3.12 or 3.13; what it cannot show is printed at the end.';

const help = commandHelp('npm run rehearse -- [options]', purpose, { Options: options });

const schema = 'spot_optimizer';

/** Four versions: unchanged, with a failing migration, with a good one, and with both. */
async function assembleAll(directory: string): Promise<[Assembly, Assembly, Assembly, Assembly]> {
  const good = { '9998_rehearsal.sql': 'CREATE TABLE rehearsal (id INT NOT NULL, PRIMARY KEY (id));\n' };
  const bad = { '9999_wrong.sql': 'CREATE TABLE rehearsal_of_a_mistake;\n' };
  return [
    await assemble(directory, { name: 'first', migrations: {} }),
    await assemble(directory, { name: 'broken', migrations: bad }),
    await assemble(directory, { name: 'newer', migrations: good }),
    await assemble(directory, { name: 'newer-broken', migrations: { ...good, ...bad } }),
  ];
}

async function main(): Promise<void> {
  const { values } = readCommandLine(options, process.argv.slice(2));
  if (values.help) return console.log(help);
  const directory = resolve(values.dataDir);
  await mkdir(directory, { recursive: true });
  try {
    await rehearse(directory, await installTools(directory, console.log));
  } catch (error) {
    if (!(error instanceof MissingTools && values.ifPossible)) throw error;
    console.log(`NOT REHEARSED: ${error.message}`);
  }
}

async function rehearse(directory: string, tools: Awaited<ReturnType<typeof installTools>>): Promise<void> {
  const database = await startDatabase({ dataDir: join(directory, 'database'), fresh: true, say: console.log });
  const dataApi = await startDataApi({ database });
  const emulator = await startEmulator(tools, dataApi.url, join(directory, 'emulator.log'));
  const sql = await createConnection({ ...database, multipleStatements: true });
  Object.assign(process.env, emulator.environment);
  try {
    const cdk = new Cdk(emulator);
    const stack = new DeployedStack(tools, emulator);
    const adminToken = randomBytes(32).toString('hex');
    const parameters = { AdminTokenSha256: createHash('sha256').update(adminToken).digest('hex') };
    const emptyDatabase = () =>
      sql.query(`DROP DATABASE IF EXISTS ${schema}; CREATE DATABASE ${schema} CHARACTER SET utf8mb4`);
    const deploy = async ({ outdir, resources }: Assembly) => {
      await cdk.deploy(stackName, outdir, parameters);
      return `${resources} resources, ${await stack.status()}`;
    };
    /** A deployment that must fail. Returns the stack's status, which must be `wanted`. */
    const failing = async (assembly: Assembly, wanted: string) => {
      await deploy(assembly).then(
        () => Promise.reject(new Error('it was deployed')),
        (error) => {
          if (!(error instanceof CdkFailed)) throw error;
        },
      );
      return expectStatus(await stack.status(), wanted);
    };
    const remove = async ({ outdir }: Assembly) => {
      await cdk.destroy(stackName, outdir);
      return expectStatus(await stack.status(), undefined);
    };
    const tables = async () => (await sql.query(`SHOW TABLES FROM ${schema} LIKE 'rehearsal%'`)).length as number;

    await emptyDatabase();
    const [first, broken, newer, newerBroken] = await step(
      'synthesis',
      () => assembleAll(directory),
      () => 'four versions',
    );
    await step('bootstrap', () => cdk.bootstrap());
    await step('a first deployment whose migration fails is undone', () => failing(broken, 'ROLLBACK_COMPLETE'));
    await step('what is left of it is removed', () => remove(broken));
    await emptyDatabase(); // a new cluster would have an empty database
    await step('the deployment', () => deploy(first));
    const api = new Api(emulator.url, await stack.output('ApiUrl'));
    const cast = await step(
      'a tenant, its agent, and a stranger',
      () => firstAgent(api, adminToken),
      () => 'answered',
    );
    await step(
      'a notice of EC2',
      () => notice(stack, api, cast),
      (s) => `recorded after ${s.toFixed(1)} s`,
    );
    await step('jobs by their schedules', () => schedules(api, adminToken));
    await step('an upgrade with a migration', async () => `${await deploy(newer)}, ${await tables()} new table`);
    await step('an upgrade whose migration fails is rolled back', () =>
      failing(newerBroken, 'UPDATE_ROLLBACK_COMPLETE'),
    );
    await step(
      'the older version on the newer tables',
      async () => `${await deploy(first)}, ${await tables()} new table`,
    );
    await step('it still answers its agent', async () => {
      const { status } = await api.expect('GET', `/api/agents/${cast.agentId}`, cast.token);
      return `the agent is ${status}`;
    });
    await step('the removal', () => remove(first));
    console.log(`\nWhat this emulator cannot show:\n${gaps.map(({ what }) => `  - ${what}`).join('\n')}`);
  } finally {
    await sql.end();
    await emulator.stop();
    await dataApi.close();
    await database.stop();
  }
}

function expectStatus(status: string | undefined, wanted: string | undefined): string {
  if (status !== wanted) throw new Error(`the stack is ${status ?? 'gone'}; it should be ${wanted ?? 'gone'}`);
  return status ?? 'gone';
}

async function step<T>(
  name: string,
  work: () => Promise<T>,
  tell: (result: T) => unknown = (result) => result ?? '',
): Promise<T> {
  const began = performance.now();
  process.stdout.write(`${name} … `);
  const result = await work();
  console.log(`${((performance.now() - began) / 1000).toFixed(1)} s  ${tell(result)}`);
  return result;
}

main().catch((error) => failCommand('npm run rehearse', error, { troubles: [MissingTools, CdkFailed] }));
