import * as z from 'zod';
import { pageQuery } from '../shared/cursor.ts';
import { optional, zonedTime } from '../shared/fields.ts';
import type { Routes } from '../shared/route.ts';
import { ofClient } from './routes-clients.ts';

/** A token's or operator's name. It appears in the audit log, where other characters could imitate another name. */
const Name = z
  .string()
  .trim()
  .max(64)
  .regex(
    /^[A-Za-z0-9][\w .@-]*$/,
    'must begin with a letter or digit and contain only letters, digits, spaces and . _ @ -',
  );

/** `main` is reserved: it is created with the tenant and replaced by D3. */
const TokenName = Name.refine(
  (name) => name.toLowerCase() !== 'main',
  'must not be main, which is the name of the first token',
).meta({
  not: { pattern: '^[mM][aA][iI][nN]\\s*$' },
});

const Success = z.object({ success: z.literal(true), message: z.string() });
const time = z.iso.datetime();
const Status = z.enum(['active', 'expired', 'revoked']);

const ListedToken = z.object({
  id: z.string(),
  name: z.string(),
  scope: z.enum(['agent', 'read', 'manage', 'all']),
  status: Status,
  expires_at: time.nullable(),
  last_used_on: z.iso
    .date()
    .nullable()
    .meta({ description: 'The last day on which it was used, in UTC; null if never' }),
  revoked_at: time.nullable(),
  created_at: time,
  created_by: z.string(),
});

const ListedOperator = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(['viewer', 'admin']),
  status: Status.exclude(['expired']),
  last_used_on: z.iso.date().nullable(),
  revoked_at: time.nullable(),
  created_at: time,
  created_by: z.string(),
});

const page = (list: string) => pageQuery(list, { usual: 100, most: 200 });

/** Routes for tenants' tokens other than `main`, and for operators (protocol 4). */
export const tokenRoutes = {
  createToken: {
    id: 'T1',
    method: 'POST',
    path: '/api/client/{client_id}/tokens',
    access: 'clientOrAdmin',
    scope: 'manage',
    summary: 'Creates a further token for the tenant; only this response shows it',
    params: ofClient,
    body: z.object({
      name: TokenName,
      scope: z.enum(['agent', 'read', 'manage']),
      expires_at: optional(zonedTime),
    }),
    status: 201,
    response: z.object({ success: z.literal(true), id: z.string(), name: z.string(), token: z.string() }),
    errors: ['client_not_found', 'token_exists', 'too_many_tokens', 'already_expired'],
  },
  listTokens: {
    id: 'T2',
    method: 'GET',
    path: '/api/client/{client_id}/tokens',
    access: 'clientOrAdmin',
    scope: 'read',
    summary: "A tenant's tokens, newest first, and when each was last used; the tokens themselves are not shown",
    params: ofClient,
    query: page('T2'),
    isPaged: true,
    response: z.array(ListedToken),
    errors: ['client_not_found'],
  },
  revokeToken: {
    id: 'T3',
    method: 'DELETE',
    path: '/api/client/{client_id}/tokens/{token_id}',
    access: 'clientOrAdmin',
    scope: 'manage',
    summary: 'Revokes a token: it stops working within a minute',
    params: ofClient.extend({ token_id: z.string() }),
    response: Success,
    errors: ['client_not_found', 'token_not_found'],
  },
  createOperator: {
    id: 'O1',
    method: 'POST',
    path: '/api/admin/operators',
    access: 'admin',
    scope: 'admin',
    summary: 'Creates an operator; only this response shows its token',
    body: z.object({ name: Name, role: z.enum(['viewer', 'admin']) }),
    status: 201,
    response: z.object({ success: z.literal(true), id: z.string(), name: z.string(), token: z.string() }),
    errors: ['operator_exists', 'too_many_tokens'],
  },
  listOperators: {
    id: 'O2',
    method: 'GET',
    path: '/api/admin/operators',
    access: 'admin',
    scope: 'viewer',
    summary: 'The operators, newest first, and when each was last active',
    query: page('O2'),
    isPaged: true,
    response: z.array(ListedOperator),
  },
  revokeOperator: {
    id: 'O3',
    method: 'DELETE',
    path: '/api/admin/operators/{operator_id}',
    access: 'admin',
    scope: 'admin',
    summary: 'Revokes an operator: its token stops working within a minute',
    params: z.object({ operator_id: z.string() }),
    response: Success,
    errors: ['operator_not_found'],
  },
} satisfies Routes;
