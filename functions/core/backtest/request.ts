import { randomUUID } from 'node:crypto';
import type { PageQuery } from '../../shared/cursor.ts';
import { timedPosition } from '../../shared/cursor.ts';
import { type Db, transact } from '../../shared/db.ts';
import { AppError } from '../../shared/errors.ts';
import { readPage } from '../../shared/listing.ts';
import { dayMs, msBefore, startOf } from '../../shared/time.ts';
import { periodMs } from '../availability/period.ts';
import { audit, type By } from '../event/audit.ts';
import { lockClient } from '../tenant/clients.ts';
import { type Caller, ownClient, requireClient } from '../tenant/require-client.ts';
import { itemOf, runOf } from './answers.ts';
import { readPlays } from './plays.ts';
import { createRun, readRun, readRuns } from './runs.ts';
import type { WhatIfRequest } from './wire.ts';

/** The back-test requests of tenants and operators. */

interface OfClient {
  readonly caller: Caller;
  readonly clientId: string;
}

/** This many runs fit in one Data API response even when all columns are as wide as they may be. */
const safeRuns = 50;

/**
 * Starts a back-test of settings on recent history (protocol E12); a job plays it. At most eight statements.
 * @throws AppError client_not_found, agent_not_found, too_many_what_ifs
 */
export async function startWhatIf(
  db: Db,
  { caller, clientId, body }: OfClient & { readonly body: WhatIfRequest },
  by: By,
  now: Date,
) {
  ownClient(caller, clientId);
  const { plays, agents, leftOut } = await readPlays(db, { clientId, asked: body }).catch(async (error) => {
    // A tenant that does not exist has no agents either.
    if (error instanceof AppError) await requireClient(db, caller, clientId);
    throw error;
  });
  const { days, ...asked } = body;
  const periodTo = startOf(periodMs, now);
  const period = { periodFrom: msBefore(periodTo, days * dayMs), periodTo };
  const id = randomUUID();
  await transact(db, async (tx) => {
    await lockClient(tx, clientId, ['id']); // two requests at once are counted one after the other
    const run = { id, clientId, createdBy: by.actor, ...period, asked, plays, agents, agentsLeftOut: leftOut };
    await createRun(tx, run, now);
    await audit(tx, by, { clientId, action: 'what_if_started', targetId: id, after: { ...asked, days, agents } }, now);
  });
  return {
    success: true as const,
    run_id: id,
    client_id: clientId,
    status: 'queued' as const,
    url: `/api/client/${clientId}/what-if/${id}`,
    agents,
    agents_left_out: leftOut,
  };
}

/** Back-tests, newest first (protocol E13, E16): one statement, two for an operator who names a tenant. */
export async function listWhatIfs(
  db: Db,
  { list, clientId, query }: { readonly list: string; readonly clientId?: string; readonly query: PageQuery },
) {
  return readPage({
    list,
    size: query.limit,
    safeSize: safeRuns,
    read: (limit) => readRuns(db, { ...query, clientId }, limit),
    positionOf: ({ createdAt, id }) => timedPosition(createdAt, id),
    toItems: (rows) => rows.map(itemOf),
  });
}

/** The same for one tenant. @throws AppError client_not_found */
export async function listWhatIfsOf(db: Db, { caller, clientId, query }: OfClient & { readonly query: PageQuery }) {
  await requireClient(db, caller, clientId);
  return listWhatIfs(db, { list: 'E13', clientId, query });
}

/** A back-test with its result (protocol E14, E17). @throws AppError what_if_not_found */
export const showWhatIf = async (db: Db, of: { readonly id: string; readonly clientId?: string }) =>
  runOf(await readRun(db, of));
