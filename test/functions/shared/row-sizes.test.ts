import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonBytes } from '../../../functions/shared/json-bounds.ts';
import { limits } from '../../../local/aws/data-api/limits.ts';
import { Rig } from '../../support/rig/rig.ts';

const migrations = join(import.meta.dirname, '../../../functions/migrate/sql');
const schema = readdirSync(migrations)
  .map((file) => readFileSync(join(migrations, file), 'utf8'))
  .join('\n');
const tables = [...schema.matchAll(/^CREATE TABLE (\w+) \((.*?)^\)/gms)].map(([, table, body]) => ({
  table: table!,
  columns: [...body!.matchAll(/^ {2}([a-z]\w*) ([A-Z]+)(?:\((\d+))?/gm)].map(([, name, type, length]) => ({
    name: name!,
    type: type!,
    length: Number(length ?? 0),
  })),
}));

/** What the Data API puts around a field: `{"stringValue":""},`. */
const aroundField = 19;

/** The most bytes that a field can take in a response. */
function worst(table: string, { name, type, length }: (typeof tables)[number]['columns'][number]): number {
  switch (type) {
    case 'VARCHAR':
    case 'CHAR':
      return 4 * length + aroundField;
    case 'JSON': {
      const bytes = (jsonBytes as Readonly<Record<string, number>>)[`${table}.${name}`];
      // Twice: a quote is escaped once more, and MySQL writes a space behind commas and colons.
      return 2 * (bytes ?? Number.POSITIVE_INFINITY) + aroundField;
    }
    case 'BOOLEAN':
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT':
    case 'DECIMAL':
    case 'DATE':
    case 'DATETIME':
      return 30 + aroundField;
    default:
      return Number.POSITIVE_INFINITY; // nothing bounds a TEXT
  }
}

describe('a row of the schema', () => {
  it('can exceed the Data API’s response limit in no table, whatever callers send', () => {
    expect(tables.length).toBeGreaterThan(20);
    const tooWide = tables
      .map(({ table, columns }) => ({ table, bytes: columns.reduce((sum, one) => sum + worst(table, one), 0) }))
      .filter(({ bytes }) => bytes > limits.rowBytes);
    expect(tooWide).toEqual([]);
  });

  it('has a size bound for each of its JSON columns, and for no others', () => {
    const columns = tables.flatMap(({ table, columns }) =>
      columns.filter(({ type }) => type === 'JSON').map(({ name }) => `${table}.${name}`),
    );
    expect(Object.keys(jsonBytes).sort()).toEqual(columns.sort());
  });
});

describe('what a caller sends', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(() => rig.stop());

  it('as tags of a standby is refused if a row has no room for it, and changes nothing', async () => {
    const instance = await rig.primary({ type: 'w1.large', mode: 'spot' });
    await instance.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.03 });
    await instance.request('POST', '/manual-replica/enable');
    const [standby] = await instance.replicas();
    await instance.deleteReplica(standby!.id);
    const tags = { note: 'x'.repeat(70_000) };
    expect(await instance.createReplica({ pool_id: 'w1.large.us-east-1b', tags })).toMatchObject({
      status: 400,
      body: { details: { tags: ['has 70011 bytes as JSON; it may have at most 4096'] } },
    });
    expect(await instance.replicas()).toHaveLength(1);
    expect(await instance.emergency('termination-notice')).toMatchObject({ status: 201, body: { success: true } });
    const atMost = { note: 'é'.repeat(2_042) };
    expect(Buffer.byteLength(JSON.stringify(atMost))).toBeLessThanOrEqual(4_096);
    const adopted = await instance.createReplica({
      instance_id: 'i-0a1b',
      pool_id: 'w1.large.us-east-1b',
      tags: atMost,
    });
    expect(adopted.status).toBe(201);
  });

  it('as details of a clean-up is counted if there is no room to store it', async () => {
    const instance = await rig.primary();
    const deleted = Array.from({ length: 5_000 }, (_, i) => `snap-${String(i).padStart(17, '0')}`);
    const answer = await instance.request('POST', '/cleanup-report', { snapshots: { deleted, failed: [] } });
    expect(answer).toMatchObject({ status: 200, body: { deleted_snapshots: 5_000 } });
    const logs = rig.db.selectFrom('cleanupLogs').selectAll().where('agentId', '=', instance.agentId);
    expect(await logs.execute()).toMatchObject([
      { deletedSnapshotsCount: 5_000, details: { omitted_bytes: expect.any(Number) } },
    ]);
  });

  it('as pools of a decision is stored as far as there is room', async () => {
    const type = '💣'.repeat(32);
    const instance = await rig.primary({ type, mode: 'spot' });
    const pools = Array.from({ length: 200 }, (_, i) => ({
      pool_id: `${type}.${'é'.repeat(40)}${i}`,
      price: 0.05 - i / 10_000,
    }));
    const body = { instance: { current_mode: 'spot' }, pricing: { on_demand_price: 0.1, spot_pools: pools } };
    expect((await instance.request('POST', '/decide', body)).status).toBe(200);
    const [decision] = await instance.decisions();
    const { prices } = decision!.inputs as { prices: { pools: { id: string }[]; poolsOmitted: number } };
    expect(prices.pools.length + prices.poolsOmitted).toBe(200);
    expect(prices.pools.length).toBeGreaterThan(50);
  });
});
