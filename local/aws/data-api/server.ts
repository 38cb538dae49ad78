import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody, reply, serveOnLoopback } from '../loopback-server.ts';
import { Connections, type DatabaseAddress, type Login } from './connections.ts';
import { DataApiError, toDataApiError } from './errors.ts';
import { type Call, type DataApiFaults, faultError, isDeadlock, newFaults, type Operation } from './faults.ts';
import { type Limits, limits as serviceLimits } from './limits.ts';
import { operations } from './operations.ts';
import { type DataApiRequest, required, type Service } from './service.ts';
import { Transactions } from './transactions.ts';

export interface DataApiOptions {
  database: DatabaseAddress;
  /**
   * Returns the user and password in a secret, or `undefined` if there is no such secret. If omitted, any secret is
   * accepted, and means the user of the database's address.
   */
  readSecret?: (secretArn: string) => Promise<Login | undefined>;
  /** A free port if omitted. */
  port?: number;
  /** The clock by which transactions expire, in milliseconds since 1970. */
  now?: () => number;
  /** Overrides the service's own limits, so that a test can reach one. */
  limits?: Partial<Limits>;
}

/** An RDS Data API over a MySQL-compatible server. */
export interface DataApi {
  /** For the SDK's `endpoint`. */
  url: string;
  /** Errors to return instead of the real responses. */
  faults: DataApiFaults;
  /** Each distinct SQL text that reached the database, as sent: with `:names`. */
  statements: Set<string>;
  /** The limits in force; a test may change them at any time. */
  readonly limits: Limits;
  /** How many calls arrived. */
  calls: number;
  /** Called before anything is done for a call. The call waits until this returns. */
  onCall?: (call: Call) => void | Promise<void>;
  /** Called after a call has been carried out. Its response waits until this returns. */
  onDone?: (call: Call) => void | Promise<void>;
  /** Rolls back the transactions that no statement is using, as three idle minutes do. */
  expire(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Serves the operations of the Data API on loopback, in the service's wire format, for the unmodified SDK. Signatures
 * are not checked, and any resource ARN is accepted. Not verified against AWS: the texts of messages, whether an UPDATE
 * that changes nothing counts the rows it found, and generatedFields of a multi-row INSERT.
 */
export async function startDataApi(options: DataApiOptions): Promise<DataApi> {
  const limits = { ...serviceLimits, ...options.limits };
  const connections = new Connections(options.database);
  const transactions = new Transactions({ connections, limits, now: options.now ?? Date.now });
  const loginOf = async (request: DataApiRequest) => {
    const secretArn = required(request, 'secretArn');
    const login = await options.readSecret?.(secretArn);
    if (options.readSecret && !login) throw new DataApiError('BadRequestException', `There is no secret ${secretArn}`);
    return login;
  };
  const service: Service = { connections, transactions, limits, statements: new Set(), loginOf };

  const server = await serveOnLoopback((request, response) => respond(request, response, api, service), {
    port: options.port,
  });
  const expiry = setInterval(() => void transactions.expire(), 1000).unref();
  const api: DataApi = {
    url: server.url,
    faults: newFaults(),
    statements: service.statements,
    limits,
    calls: 0,
    expire: () => transactions.expire(-1),
    async close() {
      clearInterval(expiry);
      await server.close();
      connections.close();
    },
  };
  return api;
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  api: DataApi,
  service: Service,
): Promise<void> {
  const headers: Record<string, string> = { 'content-type': 'application/json', 'x-amzn-requestid': randomUUID() };
  try {
    const text = await textOf(request, service.limits);
    reply(response, 200, headers, await answer(operationOf(request), text, api, service));
  } catch (cause) {
    const error = toDataApiError(cause);
    // Neither an AWS error nor an injected one: a bug in here, which a bare 500 would hide.
    if (error.code === 'InternalServerErrorException' && error !== cause && !response.destroyed) console.error(cause);
    headers['x-amzn-errortype'] = error.code;
    reply(response, error.status, headers, JSON.stringify(error.body));
  }
}

async function answer(operation: Operation, text: string, api: DataApi, service: Service): Promise<string> {
  api.calls++;
  const request = parseBody(text);
  const call: Call = { operation, sql: request.sql, parameters: request.parameters };
  await api.onCall?.(call);
  await strike('before', call, request, api, service);
  await service.transactions.expire();
  required(request, 'resourceArn');
  required(request, 'secretArn');
  if (request.schema) throw new DataApiError('BadRequestException', "The schema parameter isn't supported");
  const body = await operations[operation](service, request);
  await api.onDone?.(call);
  await strike('after', call, request, api, service);
  return body;
}

/** @throws DataApiError the injected error, if a fault matches this call */
async function strike(
  when: 'before' | 'after',
  call: Call,
  { transactionId }: DataApiRequest,
  api: DataApi,
  service: Service,
) {
  const fault = api.faults.strike({ ...call, when });
  if (!fault) return;
  if (isDeadlock(fault) && call.sql !== undefined && transactionId) await service.transactions.undo(transactionId);
  throw faultError(fault);
}

function operationOf({ method, url }: IncomingMessage): Operation {
  const name = url?.split('?')[0]?.slice(1);
  if (name === 'ExecuteSql')
    throw new DataApiError(
      'BadRequestException',
      'This API is deprecated and not available. Use ExecuteStatement API instead',
    );
  if (method !== 'POST' || !name || !Object.hasOwn(operations, name))
    throw new DataApiError('NotFoundException', `No operation ${method} ${url}`);
  return name as Operation;
}

async function textOf(request: IncomingMessage, { requestBytes }: Limits): Promise<string> {
  const body = await readBody(request, requestBytes);
  if (!body) throw new DataApiError('BadRequestException', `The request is larger than ${requestBytes} bytes`);
  return body.toString();
}

/** Parses integers beyond 2^53 as bigints. A reviver is slow, so it runs only where there may be such an integer. */
function parseBody(text: string): DataApiRequest {
  const exact = (_key: string, value: unknown, { source }: { source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source ?? '') ? BigInt(source!) : value;
  try {
    const body = JSON.parse(text, /\d{16}/.test(text) ? (exact as Parameters<typeof JSON.parse>[1]) : undefined);
    if (typeof body === 'object' && body !== null) return body;
  } catch {
    // Not JSON: the same error as for JSON that is not an object.
  }
  throw new DataApiError('BadRequestException', 'The request body is not a JSON object');
}
