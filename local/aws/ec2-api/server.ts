import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeInstances, type Ec2Machine } from './describe-instances.ts';
import { AwsError } from './errors.ts';
import { type Action, type Call, Faults } from './faults.ts';
import { accountIn, Roles, type Session } from './sts.ts';
import { document, toXml, type Xml } from './xml.ts';

/** STS and EC2 of the tenants' accounts, as far as we ask them. */
export interface Ec2Api {
  /** For the SDK's `endpoint`, of either service. */
  readonly url: string;
  readonly roles: Roles;
  readonly faults: Faults;
  /** The machines of an account in a region, as they are at this moment; none until it is set. */
  machines: (account: string, region: string) => readonly Ec2Machine[];
  /** Machines on a page, at most. */
  pageSize: number;
  /** Told of each call that was let in, faults included. */
  onCall?: ((call: Call) => void) | undefined;
  close(): Promise<void>;
}

const namespaces = {
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
  ec2: 'http://ec2.amazonaws.com/doc/2016-11-15/',
} as const;

/** Serves AssumeRole and DescribeInstances on loopback for the unmodified SDK, in AWS's Query protocol. */
export async function startEc2Api(): Promise<Ec2Api> {
  const server = createServer(async (request, response) => {
    const requestId = randomUUID();
    const parameters = new URLSearchParams(await textOf(request));
    const send = (status: number, body: string) =>
      response.writeHead(status, { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-requestid': requestId }).end(body);
    try {
      const body = answer(api, request, parameters, requestId);
      if (body === 'hang') return;
      if (body === 'disconnect') request.socket.destroy();
      else send(200, body);
    } catch (error) {
      const failure = error instanceof AwsError ? error : new AwsError('InternalError', String(error));
      send(failure.status, errorBody(parameters.get('Action'), failure, requestId));
    }
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed).listen(0, '127.0.0.1', listening);
  });
  const api: Ec2Api = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    roles: new Roles(),
    faults: new Faults(),
    machines: () => [],
    pageSize: 1000,
    async close() {
      await new Promise((closed) => {
        server.close(closed);
        server.closeAllConnections();
      });
    },
  };
  return api;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function answer(api: Ec2Api, request: IncomingMessage, parameters: URLSearchParams, requestId: string): string {
  const action = parameters.get('Action') as Action;
  const { session, region } = signer(api, request);
  if (action === 'AssumeRole') {
    const account = accountIn(parameters.get('RoleArn') ?? '');
    const fault = strike(api, { action, account, region: undefined, parameters });
    return fault ?? inSts('AssumeRoleResponse', api.roles.assume(parameters), requestId);
  }
  if (action !== 'DescribeInstances') throw new AwsError('InvalidAction', `The action ${action} is not valid`);
  if (!session) throw new AwsError('AuthFailure', 'AWS was not able to validate the provided access credentials');
  const { account } = session;
  const fault = strike(api, { action, account, region, parameters });
  if (fault) return fault;
  const page = describeInstances(api.machines(account, region), parameters, api.pageSize);
  return document('DescribeInstancesResponse', namespaces.ec2, { requestId, ...(page as object) });
}

/** What a request's signature says: whose session it is, if it is one that was handed out here, and the region asked. */
function signer(api: Ec2Api, { headers }: IncomingMessage): { session: Session | undefined; region: string } {
  const [, key = '', region = ''] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([^/]+)\/(?:sts|ec2)\/aws4_request,/.exec(
      headers.authorization ?? '',
    ) ?? [];
  const session = api.roles.session(key);
  return { session: session?.token === headers['x-amz-security-token'] ? session : undefined, region };
}

/** @throws AwsError of a fault that is an answer */
function strike(api: Ec2Api, call: Call): 'hang' | 'disconnect' | undefined {
  api.onCall?.(call);
  const fault = api.faults.strike(call);
  if (fault === undefined || fault === 'hang' || fault === 'disconnect') return fault;
  throw new AwsError(fault);
}

const inSts = (root: string, content: Xml, RequestId: string) =>
  document(root, namespaces.sts, { ...(content as object), ResponseMetadata: { RequestId } });

/** The two services wrap their errors differently. */
function errorBody(action: string | null, { code, message, status }: AwsError, requestId: string): string {
  if (action !== 'AssumeRole')
    return `<?xml version="1.0" encoding="UTF-8"?>\n${toXml({
      Response: { Errors: { Error: { Code: code, Message: message } }, RequestID: requestId },
    })}`;
  const Type = status < 500 ? 'Sender' : 'Receiver';
  return document('ErrorResponse', namespaces.sts, {
    Error: { Type, Code: code, Message: message },
    RequestId: requestId,
  });
}
