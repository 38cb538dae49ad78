import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAppUser } from '../../../functions/migrate/app-user.ts';
import type { RotationEvent } from '../../../functions/migrate/rotate.ts';
import { appSecretArn } from '../../../local/environment.ts';
import { dataApiClient, throughDataApi } from '../../support/database/data-api.ts';
import { ownDatabase } from '../../support/database/own-database.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(async () => {
  rig.controlPlane.dataApi.statements.clear(); // refused on purpose: not for the grammar check
  await rig.stop();
});

/** The database as the functions see it. */
const asFunctions = (database = rig.database) =>
  throughDataApi(dataApiClient(rig.controlPlane.dataApi.url), database, {
    secretArn: appSecretArn,
    remaining: () => 0,
  });
const user = async () => {
  const { rows } = await sql<{ user: string }>`SELECT CURRENT_USER() AS user`.execute(asFunctions());
  return rows[0]!.user;
};
const migrate = () => rig.controlPlane.invoke('migrate', {});

describe('the database user of the functions', () => {
  it('reads and writes rows', async () => {
    const db = asFunctions();
    expect(await user()).toMatch(/^app_[0-9a-f]{12}@%$/);
    await sql`INSERT INTO job_runs (job, due_at) VALUES ('of-a-test', '2026-01-01')`.execute(db);
    await sql`UPDATE job_runs SET due_at = '2026-01-02' WHERE job = 'of-a-test'`.execute(db);
    await sql`SELECT due_at FROM job_runs WHERE job = 'of-a-test' FOR UPDATE`.execute(db);
    await sql`DELETE FROM job_runs WHERE job = 'of-a-test'`.execute(db);
  });

  it.each([
    'CREATE TABLE mine (id INT)',
    'CREATE TEMPORARY TABLE mine (id INT)',
    'ALTER TABLE agents ADD COLUMN mine INT',
    'DROP TABLE agents',
    'TRUNCATE TABLE agents',
    'CREATE INDEX mine ON agents (id)',
    'LOCK TABLES agents WRITE',
    'CREATE DATABASE mine',
    "CREATE USER 'mine'@'%'",
    'GRANT ALL ON *.* TO CURRENT_USER()',
    'SELECT * FROM mysql.user',
  ])('cannot %s', async (statement) => {
    await expect(sql.raw(statement).execute(asFunctions())).rejects.toThrow(/denied/);
  });

  it('has no access to a schema whose name differs only where its own has a _', async () => {
    const { name, db } = await ownDatabase(rig);
    const other = name.replace('_', 'x');
    await sql.raw(`CREATE DATABASE ${other}`).execute(db);
    try {
      const login = { username: name, password: 'a'.repeat(40) };
      await makeAppUser(db, name, login);
      const { rows } = await sql.raw<Record<string, string>>(`SHOW GRANTS FOR '${name}'@'%'`).execute(db);
      expect(rows.map((row) => Object.values(row)[0]).join('\n')).toContain(`\`${name.replace('_', '\\_')}\`.*`);
      await expect(sql`SELECT 1`.execute(asFunctions(other))).rejects.toThrow(/denied/);
    } finally {
      await sql.raw(`DROP DATABASE ${other}`).execute(db);
      await sql.raw(`DROP USER '${name}'@'%'`).execute(db);
    }
  });

  it('has no access to schemas that its schema’s name would match as a pattern', async () => {
    const { name, db } = await ownDatabase(rig);
    const [own, other] = [`${name}%\``, `${name}other\``];
    const quoted = (schema: string) => `\`${schema.replaceAll('`', '``')}\``;
    for (const schema of [own, other]) await sql.raw(`CREATE DATABASE ${quoted(schema)}`).execute(db);
    try {
      await makeAppUser(db, own, { username: name, password: 'a'.repeat(40) });
      const { rows } = await sql.raw<Record<string, string>>(`SHOW GRANTS FOR '${name}'@'%'`).execute(db);
      expect(rows.map((row) => Object.values(row)[0]).join('\n')).toContain(`\\%`);
    } finally {
      for (const schema of [own, other]) await sql.raw(`DROP DATABASE ${quoted(schema)}`).execute(db);
      await sql.raw(`DROP USER IF EXISTS '${name}'@'%'`).execute(db);
    }
  });

  it.each([
    [{ username: "x'; DROP", password: 'a'.repeat(40) }, 'username'],
    [{ username: 'x', password: "topsecret'quoted" }, 'password must have'],
    [{ username: 'x', password: 'topsecret' }, 'password must have'],
  ])('is not made from a name or password that is unsafe in SQL, and no error shows it: %j', async (login, message) => {
    const made = makeAppUser(rig.db as never, rig.database, login);
    await expect(made).rejects.toThrow(message);
    await expect(made).rejects.not.toThrow(/topsecret/);
  });

  it('appears without its password in the error when the database refuses', async () => {
    const password = 'topsecrettopsecret';
    const refusing = rig.db.withPlugin({
      transformQuery() {
        throw new Error(`near 'IDENTIFIED BY '${password}''`);
      },
      transformResult: async ({ result }) => result,
    });
    const made = makeAppUser(refusing as never, rig.database, { username: 'told', password });
    await expect(made).rejects.toThrow("cannot make the database's user told");
    await expect(made).rejects.not.toThrow(/topsecret/);
  });
});

it('a secret that is neither the master’s nor the application’s gives no access', async () => {
  const client = dataApiClient(rig.controlPlane.dataApi.url);
  const db = throughDataApi(client, rig.database, { secretArn: 'arn:of:another', remaining: () => 0 });
  await expect(sql`SELECT 1`.execute(db)).rejects.toThrow('There is no secret arn:of:another');
});

describe('each migration', () => {
  it('sets the user’s password to that of the secret, whatever it was', async () => {
    const [name] = (await user()).split('@');
    await sql.raw(`ALTER USER '${name}'@'%' IDENTIFIED BY 'somethingelse'`).execute(rig.db);
    await migrate();
    await migrate();
    expect(await user()).toBe(`${name}@%`);
  });
});

describe('a rotation', () => {
  it('alternates between two users, while agents send requests and across migrations', async () => {
    const instance = await rig.primary();
    const first = await user();
    const calls = Array.from({ length: 20 }, () => instance.heartbeat());
    await rig.controlPlane.rotatePassword();
    calls.push(...Array.from({ length: 20 }, () => instance.heartbeat()));
    for (const { status } of await Promise.all(calls)) expect(status).toBe(200);
    expect(await user()).toBe(first.replace('@', '_clone@'));
    await migrate();
    expect(await user()).toBe(first.replace('@', '_clone@'));
    await rig.controlPlane.rotatePassword();
    expect(await user()).toBe(first);
    await expect(sql`DROP TABLE agents`.execute(asFunctions())).rejects.toThrow(/denied/);
  });

  it('whose steps run twice, or stop half-way, leaves a password that works', async () => {
    const before = await user();
    await rig.controlPlane.rotatePassword(async (event) => {
      await rig.controlPlane.invoke('migrate', event);
      await rig.controlPlane.invoke('migrate', event);
    });
    const after = await user();
    expect(after).not.toBe(before);
    rig.faults.inject({ error: 'AccessDeniedException', when: 'before', sql: /^ALTER USER/ });
    await expect(rig.controlPlane.rotatePassword()).rejects.toThrow("cannot make the database's user");
    expect(await user()).toBe(after);
    await rig.controlPlane.rotatePassword();
    expect(await user()).toBe(before);
  });

  it('that finishes late, after another one has begun, changes nothing', async () => {
    const before = await user();
    const steps: RotationEvent[] = [];
    const invoke = (event: RotationEvent) => rig.controlPlane.invoke('migrate', event);
    const late = rig.controlPlane.rotatePassword(async (event) => {
      steps.push(event);
      await invoke(event);
      // The other one begins once this one has set its password, and sets its own before this one continues.
      if (event.Step === 'setSecret')
        await rig.controlPlane.rotatePassword(async (other) => {
          await invoke(other);
          if (other.Step !== 'setSecret') return;
          await expect(invoke(event)).rejects.toThrow('is not the one that is being created');
          await expect(invoke({ ...event, Step: 'finishSecret' })).rejects.toThrow(
            'is not the one that is being created',
          );
        });
    });
    await expect(late).rejects.toThrow('is not the one that is being created');
    expect(steps.map(({ Step }) => Step)).toEqual(['createSecret', 'setSecret', 'testSecret', 'finishSecret']);
    expect(await user()).not.toBe(before);
    expect(await user()).toMatch(/^app_/);
  });

  it('of another secret is refused', async () => {
    const event: RotationEvent = {
      Step: 'createSecret',
      SecretId: 'arn:of:another',
      ClientRequestToken: 'x'.repeat(32),
    };
    await expect(rig.controlPlane.invoke('migrate', event)).rejects.toThrow('asked to rotate arn:of:another');
  });
});
