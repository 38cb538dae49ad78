import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { document } from './ec2-api/xml.ts';
import { readBody, reply, serveOnLoopback } from './loopback-server.ts';

/** A message that was published. */
export interface Published {
  readonly topicArn: string;
  readonly subject: string;
  readonly message: string;
}

/** SNS with the tenants' topics; a topic of any name exists. */
export interface Sns {
  /** For the SDK's `endpoint`. */
  readonly url: string;
  /** The last messages, at most 1,000. */
  readonly published: readonly Published[];
  /** Whether a topic's policy permits us; always, until set otherwise. */
  permits: (topicArn: string) => boolean;
  close(): Promise<void>;
}

const namespace = 'http://sns.amazonaws.com/doc/2010-03-31/';
const most = 1000;
/** SNS's limit, in bytes. */
const largestMessage = 256 * 1024;

/** Serves Publish on loopback for the unmodified SDK, in AWS's Query protocol. */
export async function startSns(): Promise<Sns> {
  const published: Published[] = [];
  const server = await serveOnLoopback((request, response) => respond(request, response, sns, published));
  const sns: Sns = { url: server.url, published, permits: () => true, close: () => server.close() };
  return sns;
}

async function respond(request: IncomingMessage, response: ServerResponse, sns: Sns, published: Published[]) {
  const requestId = randomUUID();
  const headers = { 'content-type': 'text/xml', 'x-amzn-requestid': requestId };
  const parameters = new URLSearchParams(String(await readBody(request)));
  const [topicArn, message] = [parameters.get('TopicArn') ?? '', parameters.get('Message') ?? ''];
  const refuse = (status: number, Code: string, Message: string) =>
    reply(
      response,
      status,
      headers,
      document('ErrorResponse', namespace, { Error: { Type: 'Sender', Code, Message }, RequestId: requestId }),
    );
  if (parameters.get('Action') !== 'Publish') return refuse(400, 'InvalidAction', 'Only Publish is served here');
  if (message === '' || Buffer.byteLength(message) > largestMessage)
    return refuse(400, 'InvalidParameter', 'Invalid parameter: Message');
  if (!sns.permits(topicArn))
    return refuse(403, 'AuthorizationError', `not authorized to perform: SNS:Publish on resource: ${topicArn}`);
  published.push({ topicArn, message, subject: parameters.get('Subject') ?? '' });
  if (published.length > most) published.shift();
  const answer = { PublishResult: { MessageId: randomUUID() }, ResponseMetadata: { RequestId: requestId } };
  reply(response, 200, headers, document('PublishResponse', namespace, answer));
}
