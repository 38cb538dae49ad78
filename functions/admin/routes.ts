import * as z from 'zod';
import { optional } from '../shared/fields.ts';
import type { Routes } from '../shared/route.ts';

const ofClient = z.object({ client_id: z.string() });

/** The operator's endpoints (contract 6). */
export const adminRoutes = {
  createClient: {
    id: 'D1',
    method: 'POST',
    path: '/api/admin/clients/create',
    access: 'admin',
    summary: 'Makes a tenant and its token',
    body: z.object({
      name: z.string().trim().min(1).max(255),
      email: optional(z.email().max(255)),
      // Of the tenant's own AWS account; without it EC2's events of its machines are not believed.
      aws_account_id: optional(z.string().regex(/^\d{12}$/, 'must be 12 digits')),
    }),
    status: 201,
    response: z.object({
      success: z.literal(true),
      client: z.object({ id: z.string(), name: z.string(), token: z.string(), status: z.string() }),
    }),
    errors: ['client_exists'],
  },
  regenerateToken: {
    id: 'D3',
    method: 'POST',
    path: '/api/admin/clients/{client_id}/regenerate-token',
    access: 'admin',
    summary: "Replaces a tenant's token; the old one dies",
    params: ofClient,
    response: z.object({ success: z.literal(true), token: z.string(), message: z.string() }),
    errors: ['client_not_found'],
  },
  readToken: {
    id: 'D4',
    method: 'GET',
    path: '/api/admin/clients/{client_id}/token',
    access: 'admin',
    summary: "Shows a tenant's token; every reading is recorded",
    params: ofClient,
    response: z.object({ token: z.string(), client_name: z.string() }),
    errors: ['client_not_found'],
  },
} satisfies Routes;
