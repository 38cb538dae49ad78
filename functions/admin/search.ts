import type { Db } from '../shared/db.ts';
import { likeText } from '../shared/like-text.ts';

/** The most results of each kind. */
const atMost = 10;

type Kind = 'clients' | 'instances' | 'agents';

/**
 * Searches tenants, instances and agents, ten results of each (protocol X10). One statement for each kind. Tenants are
 * few, so any part of the name matches; instances and agents match by the beginning of their id, which is indexed.
 */
export async function search(db: Db, { q, types }: { q: string; types: readonly Kind[] }) {
  const found = {
    clients: types.includes('clients') ? await findClients(db, q) : [],
    instances: types.includes('instances') ? await findInstances(db, q) : [],
    agents: types.includes('agents') ? await findAgents(db, q) : [],
  };
  const total_results = found.clients.length + found.instances.length + found.agents.length;
  return { query: q, results: found, ...found, total_results };
}

async function findClients(db: Db, q: string) {
  const rows = await db
    .selectFrom('clients')
    .select(['id', 'name', 'isActive'])
    .where('name', 'like', `%${likeText(q)}%`)
    .where('deletedAt', 'is', null)
    .orderBy('name')
    .limit(atMost)
    .execute();
  return rows.map(({ id, name, isActive }) => ({ id, name, status: isActive ? 'active' : 'inactive', client: name }));
}

async function findInstances(db: Db, q: string) {
  const rows = await db
    .selectFrom('instances as i')
    .leftJoin('clients as c', 'c.id', 'i.clientId')
    .select(['i.id', 'i.instanceType', 'i.instanceStatus', 'c.name as client'])
    .where('i.id', 'like', `${likeText(q.toLowerCase())}%`)
    .orderBy('i.id')
    .limit(atMost)
    .execute();
  return rows.map(({ id, instanceType, instanceStatus, client }) => ({
    id,
    name: instanceType ? `${id} (${instanceType})` : id,
    status: instanceStatus,
    client: client ?? 'deleted',
  }));
}

async function findAgents(db: Db, q: string) {
  const rows = await db
    .selectFrom('agents as a')
    .leftJoin('clients as c', 'c.id', 'a.clientId')
    .select(['a.id', 'a.logicalAgentId', 'a.status', 'c.name as client'])
    .where((eb) =>
      eb.or([eb('a.logicalAgentId', 'like', `${likeText(q)}%`), eb('a.id', 'like', `${likeText(q.toLowerCase())}%`)]),
    )
    .orderBy('a.logicalAgentId')
    .limit(atMost)
    .execute();
  return rows.map(({ id, logicalAgentId: name, status, client }) => ({
    id,
    name,
    status,
    client: client ?? 'deleted',
  }));
}
