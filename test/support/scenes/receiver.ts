import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { readBody, serveOnLoopback } from '../../../local/aws/loopback-server.ts';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts on it, which is its type check.
  readonly body: any;
}

/** A webhook receiver that keeps what it receives. */
export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** Sends the response: 204 until it is replaced. If it sends none, the request hangs. */
  answer: (response: ServerResponse, request: IncomingMessage) => void;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = await serveOnLoopback(async (request, response) => {
    const text = String(await readBody(request));
    received.push({ headers: request.headers, text, body: JSON.parse(text || 'null') });
    receiver.answer(response, request);
  });
  const receiver: Receiver = {
    url: `${server.url}/hook`,
    received,
    answer: (response) => response.writeHead(204).end(),
    close: () => server.close(),
  };
  return receiver;
}

/** Checks a signature as receivers do. */
export const isSigned = ({ headers, text }: Received, secret: string) => {
  const timestamp = headers['x-spot-optimizer-timestamp'];
  const expected = createHmac('sha256', secret).update(`${timestamp}.${text}`).digest('hex');
  return String(headers['x-spot-optimizer-signature']).split(',').includes(`v1=${expected}`);
};
