import * as z from 'zod';
import { Success } from '../core/wire.ts';
import type { Routes } from '../shared/route.ts';
import { TestAnswer, Webhook, WebhookRequest } from './requests.ts';

const ofClient = z.object({ client_id: z.string() });
const path = '/api/client/{client_id}/webhook';
const toChange = { access: 'clientOrAdmin', scope: 'manage', params: ofClient } as const;

/** Routes for the receivers of a tenant's notifications (protocol 11.1). */
export const webhookRoutes = {
  show: {
    id: 'N4',
    method: 'GET',
    path,
    access: 'clientOrAdmin',
    scope: 'read',
    summary: 'Where notifications are sent, and how delivery is going',
    params: ofClient,
    response: Webhook,
    errors: ['client_not_found', 'webhook_not_found'],
  },
  set: {
    ...toChange,
    id: 'N5',
    method: 'PUT',
    path,
    summary: 'Sets where notifications are sent; a generated secret is shown once',
    body: WebhookRequest,
    response: Success.extend({ secret: z.string().nullable(), webhook: Webhook }),
    errors: ['client_not_found', 'no_receiver', 'topic_of_another_account'],
  },
  remove: {
    ...toChange,
    id: 'N6',
    method: 'DELETE',
    path,
    summary: 'Stops sending notifications and discards those that wait to be sent',
    response: Success,
    errors: ['client_not_found', 'webhook_not_found'],
  },
  test: {
    ...toChange,
    id: 'N7',
    method: 'POST',
    path: `${path}/test`,
    summary: 'Sends a test message now and returns the response of the receiver',
    response: TestAnswer,
    errors: ['client_not_found', 'webhook_not_found', 'test_too_soon'],
  },
  redeliver: {
    ...toChange,
    id: 'N8',
    method: 'POST',
    path: `${path}/redeliver`,
    summary: 'Sends abandoned messages again, each with its original id',
    response: Success.extend({ messages: z.int() }),
    errors: ['client_not_found', 'webhook_not_found'],
  },
} satisfies Routes;
