import * as z from 'zod';
import { ofAgent } from '../core/wire.ts';
import type { Routes } from '../shared/route.ts';
import { ConfigRequest, ForceSwitchRequest, ofInstance, SettingsRequest, ToggleRequest } from './requests.ts';

const Done = z.object({ success: z.literal(true) });

/** Routes that change an agent's settings, delete it, or force a switch. */
export const settingsRoutes = {
  toggleEnabled: {
    id: 'C5',
    method: 'POST',
    path: '/api/client/agents/{agent_id}/toggle-enabled',
    access: 'clientOrAdmin',
    scope: 'manage',
    summary: 'Enables or disables an agent; a disabled agent gets no commands',
    params: ofAgent,
    body: ToggleRequest,
    response: Done.extend({ enabled: z.boolean() }),
    errors: ['agent_not_found', 'agent_deleted'],
  },
  settings: {
    id: 'C6',
    method: 'POST',
    path: '/api/client/agents/{agent_id}/settings',
    access: 'clientOrAdmin',
    scope: 'manage',
    summary: 'Changes the settings that older consoles know, under the rules of C7',
    params: ofAgent,
    body: SettingsRequest,
    response: Done,
    errors: ['agent_not_found', 'agent_too_old'],
  },
  config: {
    id: 'C7',
    method: 'POST',
    path: '/api/client/agents/{agent_id}/config',
    access: 'clientOrAdmin',
    scope: 'manage',
    summary: 'Changes settings of an agent; auto-switch and manual replicas turn each other off',
    params: ofAgent,
    body: ConfigRequest,
    response: Done.extend({ auto_switch_enabled: z.boolean(), manual_replica_enabled: z.boolean() }),
    errors: ['agent_not_found', 'agent_too_old'],
  },
  deleteAgent: {
    id: 'C8',
    method: 'DELETE',
    path: '/api/client/agents/{agent_id}',
    access: 'clientOrAdmin',
    scope: 'manage',
    summary: 'Deletes an agent; its instance keeps running and its history is kept',
    params: ofAgent,
    response: Done.extend({ message: z.string(), agent_id: z.string() }),
    errors: ['agent_not_found'],
  },
  forceSwitch: {
    id: 'C17',
    method: 'POST',
    path: '/api/client/instances/{instance_id}/force-switch',
    access: 'clientOrAdmin',
    scope: 'manage',
    summary: 'Queues a switch, regardless of settings and limits',
    params: ofInstance,
    body: ForceSwitchRequest,
    response: Done.extend({ command_id: z.string(), message: z.string(), ignored: z.array(z.string()).optional() }),
    errors: [
      'instance_not_found',
      'no_suitable_pool',
      'pool_mismatch',
      'already_there',
      'agent_deleted',
      'agent_not_enabled',
      'instance_not_primary',
      'command_in_flight',
    ],
  },
} satisfies Routes;
