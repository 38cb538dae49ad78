import * as z from 'zod';
import { pageQuery } from '../shared/cursor.ts';

/** Request and response shapes of the audit log. Contains only zod schemas, no logic. */

const filters = { actor: z.string().max(128).optional(), action: z.string().max(64).optional() };
const page = { usual: 100, most: 500 } as const;

export const AuditQuery = pageQuery('U1', page).extend({ ...filters, client_id: z.string().max(36).optional() });
export type AuditQuery = z.output<typeof AuditQuery>;

/** The query for one tenant, which the path names. */
export const TenantAuditQuery = pageQuery('U2', page).extend(filters);
export type TenantAuditQuery = z.output<typeof TenantAuditQuery>;

const state = z.record(z.string(), z.unknown()).nullable();

export const AuditedAct = z.object({
  id: z.string(),
  time: z.iso.datetime(),
  actor: z.string(),
  action: z.string(),
  client_id: z.string().nullable(),
  target_id: z.string().nullable(),
  source_ip: z.string().nullable(),
  before: state,
  after: state,
});
