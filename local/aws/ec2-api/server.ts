import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody, reply, serveOnLoopback } from '../loopback-server.ts';
import { type CapacityRow, getCapacityManagerMetricData } from './capacity-manager.ts';
import { describeInstanceStatus } from './describe-instance-status.ts';
import { describeInstances, type Ec2Instance } from './describe-instances.ts';
import { AwsError } from './errors.ts';
import { type Action, type Call, type Ec2Faults, newFaults } from './faults.ts';
import { describeInstanceTypeOfferings, type Ec2Offering } from './offerings.ts';
import { describeAvailabilityZones, getSpotPlacementScores, type ZoneScore } from './placement-scores.ts';
import { describeSpotPriceHistory, type SpotPriceChange } from './spot-prices.ts';
import { accountIn, Roles, type Session } from './sts.ts';
import { document, toXml, type Xml } from './xml.ts';

/** STS and EC2 of the tenants' accounts, limited to the actions that we use. */
export interface Ec2Api {
  /** For the SDK's `endpoint` of both services. */
  readonly url: string;
  readonly roles: Roles;
  readonly faults: Ec2Faults;
  /** The current instances of an account in a region; none until set. */
  instances: (account: string, region: string) => readonly Ec2Instance[];
  /** The changes of Spot prices in a region up to now; none until set. */
  spotPrices: (region: string) => readonly SpotPriceChange[];
  /** What EC2 offers in a region; nothing until set. */
  offerings: (region: string) => readonly Ec2Offering[];
  /** Capacity Manager's metrics of an account; none until set. */
  capacityMetrics: (account: string, region: string) => readonly CapacityRow[];
  /** The placement scores of an instance type in the zones of a region; none until set. */
  placementScores: (region: string, instanceType: string) => readonly ZoneScore[];
  /** The most items on a page. */
  pageSize: number;
  /** Called for each request with valid credentials, including those that a fault strikes. */
  onCall?: ((call: Call) => void) | undefined;
  close(): Promise<void>;
}

const namespaces = {
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
  ec2: 'http://ec2.amazonaws.com/doc/2016-11-15/',
} as const;

interface Question {
  readonly region: string;
  readonly parameters: URLSearchParams;
}

/** Actions whose response is the same for all accounts. Any credentials will do. */
const ofAll: Partial<Record<Action, (api: Ec2Api, question: Question) => Xml>> = {
  DescribeSpotPriceHistory: ({ spotPrices, pageSize }, { region, parameters }) =>
    describeSpotPriceHistory(spotPrices(region), parameters, pageSize),
  DescribeInstanceTypeOfferings: ({ offerings, pageSize }, { region, parameters }) =>
    describeInstanceTypeOfferings(offerings(region), parameters, pageSize),
  DescribeAvailabilityZones: (_, { region }) => describeAvailabilityZones(region),
  GetSpotPlacementScores: ({ placementScores }, { parameters }) => getSpotPlacementScores(placementScores, parameters),
};

/** Actions whose response depends on the account. */
const ofAccount: Partial<Record<Action, (api: Ec2Api, question: Question & { readonly account: string }) => Xml>> = {
  DescribeInstances: ({ instances, pageSize }, { account, region, parameters }) =>
    describeInstances(instances(account, region), parameters, pageSize),
  DescribeInstanceStatus: ({ instances, pageSize }, { account, region, parameters }) =>
    describeInstanceStatus(instances(account, region), parameters, pageSize),
  GetCapacityManagerMetricData: ({ capacityMetrics, pageSize }, { account, region, parameters }) =>
    getCapacityManagerMetricData(capacityMetrics(account, region), account, parameters, pageSize),
};

/** Serves AssumeRole and the EC2 actions we use on loopback, in AWS's Query protocol, for the unmodified SDK. */
export async function startEc2Api(): Promise<Ec2Api> {
  const server = await serveOnLoopback((request, response) => respond(request, response, api));
  const api: Ec2Api = {
    url: server.url,
    roles: new Roles(),
    faults: newFaults(),
    instances: () => [],
    spotPrices: () => [],
    offerings: () => [],
    placementScores: () => [],
    capacityMetrics: () => [],
    pageSize: 1000,
    close: () => server.close(),
  };
  return api;
}

async function respond(request: IncomingMessage, response: ServerResponse, api: Ec2Api): Promise<void> {
  const requestId = randomUUID();
  const headers = { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-requestid': requestId };
  const parameters = new URLSearchParams(String(await readBody(request)));
  try {
    const body = answer(api, request, parameters, requestId);
    if (body === 'hang') return;
    if (body === 'disconnect') request.socket.destroy();
    else reply(response, 200, headers, body);
  } catch (error) {
    const failure = error instanceof AwsError ? error : new AwsError('InternalError', String(error));
    reply(response, failure.status, headers, errorBody(parameters.get('Action'), failure, requestId));
  }
}

function answer(api: Ec2Api, request: IncomingMessage, parameters: URLSearchParams, requestId: string): string {
  const action = parameters.get('Action') as Action;
  const { session, region } = signer(api, request);
  if (action === 'AssumeRole') {
    const account = accountIn(parameters.get('RoleArn') ?? '');
    const fault = strike(api, { action, account, region: undefined, parameters });
    return fault ?? inSts('AssumeRoleResponse', api.roles.assume(parameters), requestId);
  }
  const tell = ofAll[action];
  const tellOfAccount = ofAccount[action];
  if (!tell && !tellOfAccount) throw new AwsError('InvalidAction', `The action ${action} is not valid`);
  if (!tell && !session)
    throw new AwsError('AuthFailure', 'AWS was not able to validate the provided access credentials');
  const account = tell ? undefined : session?.account;
  const fault = strike(api, { action, account, region, parameters });
  if (fault) return fault;
  const page = tell?.(api, { region, parameters }) ?? tellOfAccount?.(api, { account: account!, region, parameters });
  return document(`${action}Response`, namespaces.ec2, { requestId, ...(page as object) });
}

/** Reads a request's signature: its session, if that was issued here, and the region it is for. */
function signer(api: Ec2Api, { headers }: IncomingMessage): { session: Session | undefined; region: string } {
  const [, key = '', region = ''] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([^/]+)\/(?:sts|ec2)\/aws4_request,/.exec(
      headers.authorization ?? '',
    ) ?? [];
  const session = api.roles.session(key);
  return { session: session?.token === headers['x-amz-security-token'] ? session : undefined, region };
}

/** @throws AwsError if the fault is an error response */
function strike(api: Ec2Api, call: Call): 'hang' | 'disconnect' | undefined {
  api.onCall?.(call);
  const error = api.faults.strike(call)?.error;
  if (error === undefined || error === 'hang' || error === 'disconnect') return error;
  throw new AwsError(error);
}

const inSts = (root: string, content: Xml, RequestId: string) =>
  document(root, namespaces.sts, { ...(content as object), ResponseMetadata: { RequestId } });

/** The two services wrap errors differently. */
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
