import { sql } from 'kysely';
import { chunks } from '../../shared/chunks.ts';
import { type Db, transact } from '../../shared/db.ts';
import { forEachIsolated } from '../../shared/for-each-isolated.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { msBefore } from '../../shared/time.ts';
import { lockAgent } from '../agent/lock.ts';
import { readAgents } from '../agent/read.ts';
import { provideStandby } from './provide-standby.ts';
import { alarmMs, standbyPolicy, survivedMs } from './standby-policy.ts';

/** How many agents a run handles at most; the next run, a minute later, picks others. */
const most = 2000;

/** Agents per read. */
const batch = 100;

const wanted = { standbys: true, openSwitch: true, launches: true } as const;

/**
 * Creates missing standbys. SQL finds the agents that may need one, the policy picks those that do, and each is decided
 * again under its lock.
 * @returns how many agents got a standby or were sent to on-demand
 */
export async function makeMissing(db: Db, time: RunTime, now: Date): Promise<number> {
  const ids = await candidates(db, now);
  let made = 0;
  for (const those of chunks(ids, batch)) {
    if (!time.hasTime()) break;
    made += await makeForEach(db, those, time, now);
  }
  return made;
}

/** @param agentIds most urgent first */
async function makeForEach(db: Db, agentIds: readonly string[], { hasTime }: RunTime, now: Date): Promise<number> {
  const states = await readAgents(db, { agentIds, with: wanted }, now);
  const missing = states.filter((state) => standbyPolicy({ ...state, occasion: 'review' }, now).do !== 'nothing');
  const urgent = missing.toSorted((a, b) => Number(isLosing(b)) - Number(isLosing(a)));
  return forEachIsolated(
    'making a standby',
    urgent.map(({ agent: { id, clientId } }) => ({ id, clientId })),
    ({ id, clientId }) =>
      transact(db, async (tx) => {
        const state = await lockAgent(tx, { clientId, agentId: id, skipLocked: true, with: wanted }, now);
        return provideStandby(tx, state, { occasion: 'review' }, now);
      }),
    { hasTime },
  );
}

const isLosing = ({ agent }: { readonly agent: { readonly pendingTerminationAt: Date | null } }) =>
  agent.pendingTerminationAt !== null;

/**
 * Agents without a standby that may need one: agents whose primary EC2 is reclaiming, and agents that can launch one
 * now and are in manual mode or have a current rebalance recommendation. The policy checks what no index covers, such
 * as failed launches.
 */
async function candidates(db: Db, now: Date): Promise<string[]> {
  const losingSince = msBefore(now, survivedMs);
  const recommendedSince = msBefore(now, alarmMs);
  const rows = await db
    // Three lists, each served by an index: with OR instead, the optimiser may scan all agents.
    .selectFrom((eb) =>
      eb
        .selectFrom('agents')
        .select('id')
        .where('pendingTerminationAt', '>', losingSince)
        .union(eb.selectFrom('agents').select('id').where('manualReplicaEnabled', '=', true))
        .union(eb.selectFrom('agents').select('id').where('lastRebalanceRecommendationAt', '>', recommendedSince))
        .as('c'),
    )
    .innerJoin('agents as a', 'a.id', 'c.id')
    .select('a.id')
    .where('a.status', '<>', 'deleted')
    .where((eb) => {
      const canLaunch = eb.and([
        eb('a.enabled', '=', true),
        eb('a.status', '=', 'online'),
        eb.or([eb('a.agentVersion', 'is', null), eb('a.agentVersion', 'not like', '3.%')]),
      ]);
      const isRecommended = eb.and([
        eb('a.lastRebalanceRecommendationAt', '>', recommendedSince),
        eb('a.autoSwitchEnabled', '=', true),
        eb('a.currentMode', '=', 'spot'),
        eb.or([eb('a.lastSwitchAt', 'is', null), eb('a.lastSwitchAt', '<', eb.ref('a.lastRebalanceRecommendationAt'))]),
      ]);
      return eb.or([
        eb('a.pendingTerminationAt', '>', losingSince),
        eb.and([canLaunch, eb.or([eb('a.manualReplicaEnabled', '=', true), isRecommended])]),
      ]);
    })
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('replicaInstances as r')
            .select('r.id')
            .whereRef('r.agentId', '=', 'a.id')
            .where('r.isActive', '=', true),
        ),
      ),
    )
    // Agents whose primary is being reclaimed come first, the others in a new order each run.
    .orderBy(sql`a.pending_termination_at IS NULL`)
    .orderBy(sql`CRC32(CONCAT(a.id, ${now.toISOString()}))`)
    .limit(most)
    .execute();
  return rows.map(({ id }) => id);
}
