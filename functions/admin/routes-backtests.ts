import * as z from 'zod';
import { AdminWhatIfRequest, WhatIfAccepted, WhatIfItem, WhatIfRun, whatIfQuery } from '../core/backtest/wire.ts';
import type { Routes } from '../shared/route.ts';

/** Operators' routes for back-tests of any tenant. */
export const backtestRoutes = {
  startWhatIf: {
    id: 'E15',
    method: 'POST',
    path: '/api/admin/what-if',
    access: 'admin',
    scope: 'admin',
    summary: "Back-tests settings on a tenant's recorded history, like E12",
    body: AdminWhatIfRequest,
    status: 202,
    response: WhatIfAccepted,
    errors: ['client_not_found', 'agent_not_found', 'too_many_what_ifs'],
  },
  whatIfs: {
    id: 'E16',
    method: 'GET',
    path: '/api/admin/what-if',
    access: 'admin',
    scope: 'viewer',
    summary: 'The back-tests of all tenants, newest first',
    query: whatIfQuery('E16'),
    isPaged: true,
    response: z.array(WhatIfItem),
  },
  whatIf: {
    id: 'E17',
    method: 'GET',
    path: '/api/admin/what-if/{run_id}',
    access: 'admin',
    scope: 'viewer',
    summary: 'The progress and result of any tenant’s back-test',
    params: z.object({ run_id: z.string() }),
    response: WhatIfRun,
    errors: ['what_if_not_found'],
  },
} satisfies Routes;
