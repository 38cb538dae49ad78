import { requests } from '../../build/request-examples.ts';
import { jobs } from '../../functions/jobs.ts';
import { routes } from '../../functions/routes.ts';
import type { Route } from '../../functions/shared/route.ts';
import type { VirtualClock } from '../../local/clock.ts';
import type { ControlPlane } from '../../local/control-plane.ts';
import { ec2Event } from '../../local/fleet/ec2/ec2-events.ts';

/** A tenant with a registered agent, and a spare tenant that may be deleted. */
interface Cast {
  readonly clientId: string;
  readonly token: string;
  readonly agentId: string;
  readonly instanceId: string;
  readonly spareId: string;
}

const account = '111122223333';
const instanceId = 'i-0123456789abcdef0';

/** @throws Error when a tenant is not created or its agent not admitted */
export async function firstAgent(controlPlane: ControlPlane): Promise<Cast> {
  const asAdmin = (body: object) =>
    call(controlPlane, 'POST', '/api/admin/clients/create', controlPlane.adminToken, body);
  const { client } = JSON.parse((await asAdmin({ name: 'Acme', aws_account_id: account })).text);
  const spare = JSON.parse((await asAdmin({ name: 'Spare' })).text).client;
  const facts = { ...requests.A1!({ instanceId }), mode: 'spot' };
  const { status, text } = await call(controlPlane, 'POST', '/api/agents/register', client.token, facts);
  if (status !== 200) throw new Error(`the agent was answered ${status}: ${text}`);
  return {
    clientId: client.id,
    token: client.token,
    agentId: JSON.parse(text).agent_id,
    instanceId,
    spareId: spare.id,
  };
}

/**
 * Sends each route its example, routes that delete last, and then all of them once more.
 * @returns how many responses had each status
 * @throws Error for a status of 500 and above
 */
export async function everyRoute(controlPlane: ControlPlane, cast: Cast): Promise<string> {
  const all = Object.values(routes).flatMap((table) => Object.values<Route>(table));
  const inOrder = all.toSorted((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'));
  const counts = new Map<number, number>();
  for (const route of [...inOrder, ...inOrder]) {
    const { id, access } = route;
    const token = access === 'admin' ? controlPlane.adminToken : cast.token;
    const body = method(route) === 'GET' ? undefined : (requests[id]?.(cast) ?? {});
    const { status, text } = await call(controlPlane, method(route), pathOf(route, cast), token, body);
    if (status >= 500) throw new Error(`${id} ${route.method} ${route.path} was answered ${status}: ${text}`);
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return [...counts].map(([status, count]) => `${count} of ${status}`).join(', ');
}

/**
 * Sends EC2's warning about the agent's instance twice, as EventBridge may deliver it.
 * @returns what the API then shows of it
 */
export async function notice(controlPlane: ControlPlane, clock: VirtualClock, cast: Cast): Promise<string> {
  const instance = { id: cast.instanceId, az: 'us-east-1a' };
  const event = ec2Event('notice', instance, { id: account, region: 'us-east-1' }, clock.now());
  for (const _ of ['first', 'again']) await controlPlane.postEvents([event]);
  if (controlPlane.deadLetters.length > 0) throw new Error(`given up: ${controlPlane.deadLetters}`);
  const agentId = cast.agentId.split('~')[0];
  const { text } = await call(controlPlane, 'GET', `/api/agents/${agentId}/emergency-status`, cast.token);
  const { last_emergency_event: last } = JSON.parse(text);
  if (!last) throw new Error(`the notice was not recorded: ${text}`);
  return `recorded; the instance ends at ${last.termination_time}`;
}

/** Runs each job twice. @returns how many jobs there are; @throws Error when one fails */
export async function everyJob(controlPlane: ControlPlane, clock: VirtualClock): Promise<number> {
  const names = Object.keys(jobs) as (keyof typeof jobs)[];
  for (const job of names) {
    await controlPlane.runJob({ job, time: clock.now().toISOString() });
    clock.set(new Date(clock.now().getTime() + 60_000));
    await controlPlane.runJob({ job, time: clock.now().toISOString() });
  }
  return names.length;
}

const method = ({ method }: Route) => (method === 'ANY' ? 'GET' : method);

function pathOf({ path, access }: Route, cast: Cast): string {
  const ids: Readonly<Record<string, string>> = {
    client_id: access === 'admin' ? cast.spareId : cast.clientId,
    agent_id: cast.agentId,
    instance_id: cast.instanceId,
  };
  return path === '$default' ? '/nowhere' : path.replaceAll(/\{(\w+)\+?\}/g, (_, name: string) => ids[name] ?? 'none');
}

async function call(controlPlane: ControlPlane, method: string, path: string, token: string, body?: object) {
  const response = await fetch(`${controlPlane.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}
