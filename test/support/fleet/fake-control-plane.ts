import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { agentRoutes } from '../../../functions/agent/routes.ts';
import { replicaRoutes } from '../../../functions/replica/routes.ts';
import type { Route } from '../../../functions/shared/route.ts';
import { closeConnections } from '../../../local/fleet/agents/agent-http.ts';
import type { Command } from '../../../local/fleet/agents/command.ts';

const routes: readonly Route[] = [...Object.values(agentRoutes), ...Object.values(replicaRoutes)];

const ofAgent = (path: string) => `/api/agents/{agent_id}/${path}`;
export const register = 'POST /api/agents/register';
export const heartbeat = `POST ${ofAgent('heartbeat')}`;
export const config = `GET ${ofAgent('config')}`;
export const pendingCommands = `GET ${ofAgent('pending-commands')}`;
export const pricingReport = `POST ${ofAgent('pricing-report')}`;
export const switchReport = `POST ${ofAgent('switch-report')}`;
export const executed = `POST ${ofAgent('commands/{command_id}/executed')}`;
export const markExecuted = `POST ${ofAgent('mark-command-executed')}`;
export const launchingReplicas = `GET ${ofAgent('replicas')}?status=launching`;
export const terminatedReplicas = `GET ${ofAgent('replicas')}?status=terminated`;
export const createReplica = `POST ${ofAgent('replicas')}`;
export const updateReplica = `PUT ${ofAgent('replicas/{replica_id}')}`;
export const replicaStatus = `POST ${ofAgent('replicas/{replica_id}/status')}`;
export const emergencyReplica = `POST ${ofAgent('create-emergency-replica')}`;
export const terminationImminent = `POST ${ofAgent('termination-imminent')}`;
export const instancesToTerminate = `GET ${ofAgent('instances-to-terminate')}`;
export const terminationReport = `POST ${ofAgent('termination-report')}`;
export const cleanupReport = `POST ${ofAgent('cleanup-report')}`;

export interface Seen {
  /** With `?status=` if the request had it. */
  readonly route: string;
  readonly agentId: string | undefined;
  /** Virtual seconds since the start. */
  readonly at: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read what agents of every version send
  readonly body: any;
}

/** A control plane that records its requests, checks them against the routes' schemas, and responds by script. */
export class FakeControlPlane {
  seen: Seen[] = [];
  /** Requests that their schemas do not accept. */
  problems: string[] = [];
  readonly #answers = new Map<string, (seen: Seen) => unknown>();
  readonly #server: Server;
  #clock: () => Date = () => new Date(0);
  #start = new Date(0);

  private constructor() {
    this.#server = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      const url = new URL(request.url!, 'http://fake');
      const seen = this.#record(`${request.method} ${url.pathname}`, url.searchParams, text);
      const answer = this.#answers.get(seen.route)?.(seen) ?? standardAnswer(seen);
      const status = (answer as { status?: unknown }).status;
      response.writeHead(typeof status === 'number' ? status : 200, { 'x-data-api-calls': '2' });
      response.end(JSON.stringify(answer));
    });
  }

  /** One that the tests of a file share. It forgets everything between them. */
  static use(): FakeControlPlane {
    const api = new FakeControlPlane();
    beforeAll(() => new Promise<void>((resolve) => api.#server.listen(0, '127.0.0.1', () => resolve())));
    afterEach(() => {
      expect(api.problems).toEqual([]);
      api.forget();
      api.#answers.clear();
    });
    afterAll(async () => {
      closeConnections();
      await new Promise((resolve) => api.#server.close(resolve));
    });
    return api;
  }

  get url() {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on, requests are timed by this clock. */
  follow(clock: () => Date) {
    this.#clock = clock;
    this.#start = clock();
  }

  forget() {
    this.seen = [];
    this.problems = [];
  }

  /** Replaces the standard response of a route. A response with a numeric `status` is sent with that HTTP status. */
  answer(route: string, answer: (seen: Seen) => unknown) {
    this.#answers.set(route, answer);
  }

  /** Gives a command to the first instance that asks. */
  queue(over: Partial<Command> = {}) {
    const command: Command = {
      id: 'cmd-1',
      command_type: 'switch',
      target_mode: 'spot',
      target_pool_id: 'm5.large.us-east-1b',
      terminate_wait_seconds: 0,
      priority: 25,
      ...over,
    };
    let left = 1;
    this.answer(pendingCommands, () => (left-- > 0 ? [command] : []));
  }

  /** Answers interruption notices with "no standby", so that agents keep running until their instances end. */
  haveNoStandby() {
    for (const route of [emergencyReplica, terminationImminent]) this.answer(route, () => ({ success: false }));
  }

  to(route: string) {
    return this.seen.filter((seen) => seen.route === route);
  }

  #record(called: string, query: URLSearchParams, text: string): Seen {
    const at = (this.#clock().getTime() - this.#start.getTime()) / 1000;
    const body = text === '' ? undefined : JSON.parse(text);
    for (const route of routes) {
      const pattern = `^${route.method} ${route.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`;
      const match = new RegExp(pattern).exec(called);
      if (!match) continue;
      const checked = route.body?.safeParse(body);
      if (checked?.error) this.problems.push(`${called}: ${checked.error.message}`);
      const status = query.get('status');
      const name = `${route.method} ${route.path}${status ? `?status=${status}` : ''}`;
      const seen = { route: name, agentId: match.groups?.agent_id, at, body };
      this.seen.push(seen);
      return seen;
    }
    // Not in the route table yet.
    const route = called.replace(/(agents)\/[^/]+/, '$1/{agent_id}').replace(/(replicas)\/[^/]+/, '$1/{replica_id}');
    const seen = { route, agentId: called.split('/')[3], at, body };
    this.seen.push(seen);
    return seen;
  }
}

const settings = {
  enabled: true,
  auto_switch_enabled: true,
  auto_terminate_enabled: true,
  terminate_wait_seconds: 300,
};

function standardAnswer({ route, body }: Seen): unknown {
  if (route === register) return { agent_id: `agent~${body.instance_id}`, client_id: 'c', config: settings };
  if (route === config) return settings;
  if (route === pendingCommands) return [];
  if (route.includes('/replicas?status=')) return { replicas: [], total: 0 };
  if (route === instancesToTerminate) return { instances: [], auto_terminate_enabled: true };
  return { success: true };
}
