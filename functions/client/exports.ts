import { type LinkMaker, makeLink, openLink, TenantFile } from '../core/export/links.ts';
import { requireClient } from '../core/tenant/require-client.ts';
import type { CsvFile } from '../shared/csv.ts';
import { positionFrom } from '../shared/cursor.ts';
import type { Db } from '../shared/db.ts';
import type { ExportLinkRequest, FileQuery } from './requests.ts';
import { savingsFile } from './savings.ts';
import { switchHistoryFile } from './switch-history.ts';

interface OfClient {
  readonly caller: LinkMaker;
  readonly clientId: string;
}

/** @throws AppError client_not_found */
export async function exportSavings(db: Db, { caller, clientId }: OfClient): Promise<CsvFile> {
  return savingsFile(db, { clientId: await requireClient(db, caller, clientId) });
}

/** @throws AppError client_not_found */
export async function exportSwitches(db: Db, { caller, clientId, query }: OfClient & { query: FileQuery }) {
  return switchHistoryFile(db, { clientId: await requireClient(db, caller, clientId), cursor: query.cursor });
}

/**
 * A link to one of these files that a browser can open without a header (protocol X27).
 * @throws AppError client_not_found
 */
export async function linkToExport(
  db: Db,
  { caller, clientId, body }: OfClient & { body: ExportLinkRequest },
  now: Date,
) {
  await requireClient(db, caller, clientId);
  const target = { file: body.export, clientId, cursor: body.cursor };
  const { link, expiresAt } = await makeLink(db, { target, by: caller }, now);
  return { success: true as const, url: `/api/exports/${link}`, expires_at: expiresAt.toISOString() };
}

/** @throws AppError link_invalid */
export async function openExport(db: Db, link: string, now: Date): Promise<CsvFile> {
  const { file, clientId, cursor } = await openLink(db, { link, files: TenantFile }, now);
  return file === 'savings'
    ? savingsFile(db, { clientId })
    : switchHistoryFile(db, { clientId, cursor: cursor ? positionFrom('C23', cursor) : undefined });
}
