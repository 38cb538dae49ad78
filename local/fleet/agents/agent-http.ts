import { Agent as Connections, type IncomingMessage, request } from 'node:http';

/** One request of an agent and its result, as the ledger counts it. */
export interface Answer {
  /** As in the route table: `GET /api/agents/{agent_id}/config`. */
  readonly route: string;
  /** `timeout` or `no connection` when there is no HTTP status. */
  readonly status: number | 'timeout' | 'no connection';
  /** From the `x-data-api-calls` header of the response. */
  readonly dataApiCalls: number | undefined;
  /** Whether an interruption notice caused the request. */
  readonly isOfNotice?: boolean | undefined;
}

export interface AgentHttpOptions {
  /** Any path in it is dropped, as the agents' `urljoin` does. */
  readonly serverUrl: string;
  readonly clientToken: string;
  /** Runs a call that takes real time while the simulation's clock waits. */
  readonly real: <T>(call: () => Promise<T>) => Promise<T>;
  readonly log: (line: string) => void;
  readonly onAnswer?: (answer: Answer) => void;
  /** Whether the control plane can be reached; by default always. */
  readonly isReachable?: (() => boolean) | undefined;
}

export interface Call {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Only counted, not sent. */
  readonly isOfNotice?: boolean;
}

/** All agents share these: thousands of processes start and end, and need not open a socket each. */
const connections = new Connections({ keepAlive: true, maxSockets: 64 });

const timeoutMs = 30_000;

const unreachable = { status: 'no connection', body: 'control plane outage', dataApiCalls: undefined } as const;

/** The HTTP session of an agent process: what both versions do with Python's `requests.Session`. */
export class AgentHttp {
  readonly #options: AgentHttpOptions;

  constructor(options: AgentHttpOptions) {
    this.#options = options;
  }

  /**
   * Sends a request once. To an agent, a status of 400 or more, a timeout and a refused connection are all "no answer".
   * @param route method and path as in the route table; `params` replace its `{names}`, unescaped
   * @returns the response's JSON; `{}` when it is not JSON; undefined for no answer
   */
  async call(route: string, call: Call = {}): Promise<unknown> {
    const { isReachable = () => true, real } = this.#options;
    const { status, body, dataApiCalls } = isReachable() ? await real(() => this.#send(route, call)) : unreachable;
    this.#options.onAnswer?.({ route, status, dataApiCalls, isOfNotice: call.isOfNotice });
    if (typeof status === 'number' && status < 400) return parsed(body);
    this.#options.log(`${route}: no answer (${status}) ${body.slice(0, 200)}`);
    return undefined;
  }

  #send(route: string, { params = {}, query, body }: Call): Promise<Omit<Answer, 'route'> & { body: string }> {
    const [method, path] = route.split(' ') as [string, string];
    const url = new URL(
      path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? 'None'),
      this.#options.serverUrl,
    );
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    return new Promise((resolve) => {
      const none = (status: 'timeout' | 'no connection', body: string) =>
        resolve({ status, body, dataApiCalls: undefined });
      const headers = {
        // The agents set it on the whole session, so a GET carries it without a body.
        'content-type': 'application/json',
        authorization: `Bearer ${this.#options.clientToken}`,
        'user-agent': 'python-requests/2.31.0',
        accept: '*/*',
      };
      const sent = request(url, { method, headers, agent: connections, timeout: timeoutMs }, (response) => {
        textOf(response).then(
          (text) => resolve({ status: response.statusCode!, body: text, dataApiCalls: countOf(response) }),
          (error: Error) => none('no connection', error.message),
        );
      });
      sent.on('timeout', () => {
        none('timeout', '');
        sent.destroy();
      });
      sent.on('error', (error) => none('no connection', error.message));
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

/** Closes the idle connections of all agents. */
export const closeConnections = () => connections.destroy();

async function textOf(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

function countOf({ headers }: IncomingMessage): number | undefined {
  const count = headers['x-data-api-calls'];
  return count === undefined ? undefined : Number(count);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}
