import * as z from 'zod';
import { WhatIfAccepted, WhatIfItem, WhatIfRequest, WhatIfRun, whatIfQuery } from '../core/backtest/wire.ts';
import type { Routes } from '../shared/route.ts';
import { ofClient } from './requests.ts';

/** Routes for back-tests of settings on recorded history. */
export const backtestRoutes = {
  startWhatIf: {
    id: 'E12',
    method: 'POST',
    path: '/api/client/{client_id}/what-if',
    access: 'clientOrAdmin',
    scope: 'manage',
    summary: 'Back-tests settings on the recorded history of recent days; a background job runs it',
    params: ofClient,
    body: WhatIfRequest,
    status: 202,
    response: WhatIfAccepted,
    errors: ['client_not_found', 'agent_not_found', 'too_many_what_ifs'],
  },
  whatIfs: {
    id: 'E13',
    method: 'GET',
    path: '/api/client/{client_id}/what-if',
    access: 'clientOrAdmin',
    scope: 'read',
    summary: 'The back-tests of the tenant, newest first',
    params: ofClient,
    query: whatIfQuery('E13'),
    isPaged: true,
    response: z.array(WhatIfItem),
    errors: ['client_not_found'],
  },
  whatIf: {
    id: 'E14',
    method: 'GET',
    path: '/api/client/{client_id}/what-if/{run_id}',
    access: 'clientOrAdmin',
    scope: 'read',
    summary: 'The progress and result of a back-test',
    params: ofClient.extend({ run_id: z.string() }),
    response: WhatIfRun,
    errors: ['client_not_found', 'what_if_not_found'],
  },
} satisfies Routes;
