import * as z from 'zod';
import { pageQuery } from '../shared/cursor.ts';
import { optional } from '../shared/fields.ts';
import type { Routes } from '../shared/route.ts';
import { AuditedAct, AuditQuery, TenantAuditQuery } from './answers.ts';

const ofReader = { access: 'clientOrAdmin', scope: 'read' } as const;
const about = optional(z.string().max(36)).meta({
  description: 'The tenant; an operator who leaves it out sees all tenants',
});

/** Routes for notifications to tenants and operators (protocol 11), and for the audit log (protocol 4). */
export const notificationRoutes = {
  list: {
    ...ofReader,
    id: 'N1',
    method: 'GET',
    path: '/api/notifications',
    summary: 'Notifications, newest first, and which of them the caller has read',
    query: pageQuery('N1', { usual: 10, most: 200 }).extend({ client_id: about }),
    isPaged: true,
    response: z.array(
      z.object({
        id: z.string(),
        message: z.string(),
        severity: z.enum(['info', 'warning', 'error']),
        isRead: z.boolean(),
        time: z.iso.datetime(),
      }),
    ),
    errors: ['client_not_found'],
  },
  markRead: {
    ...ofReader,
    id: 'N2',
    method: 'POST',
    path: '/api/notifications/{notif_id}/mark-read',
    summary: 'Marks a notification as read, for the caller',
    params: z.object({ notif_id: z.string() }),
    response: z.object({ success: z.literal(true) }),
    errors: ['notification_not_found'],
  },
  markAllRead: {
    ...ofReader,
    id: 'N3',
    method: 'POST',
    path: '/api/notifications/mark-all-read',
    summary: 'Marks all notifications as read, for the caller',
    body: z.object({ client_id: about }),
    response: z.object({ success: z.literal(true), updated: z.int() }),
    errors: ['client_not_found'],
  },
  audit: {
    id: 'U1',
    method: 'GET',
    path: '/api/admin/audit',
    access: 'admin',
    scope: 'viewer',
    summary: 'The audit log: who did what to which tenant, newest first',
    query: AuditQuery,
    isPaged: true,
    response: z.array(AuditedAct),
  },
  tenantAudit: {
    ...ofReader,
    id: 'U2',
    method: 'GET',
    path: '/api/client/{client_id}/audit',
    summary: 'The audit log of a tenant: what was done, and by whom, newest first',
    params: z.object({ client_id: z.string() }),
    query: TenantAuditQuery,
    isPaged: true,
    response: z.array(AuditedAct),
    errors: ['client_not_found'],
  },
} satisfies Routes;
