import { createHash } from 'node:crypto';
import { reply, serveOnLoopback } from './loopback-server.ts';

/** Spot Advisor's public file. */
export interface SpotAdvisor {
  readonly url: string;
  /** Indexes of bands by region and instance type, for Linux. Text is sent as it is. */
  advice: Readonly<Record<string, Readonly<Record<string, unknown>>>> | string;
  /** The status of the response, or none at all. */
  status: number | 'hang' | 'disconnect';
  /** The responses sent, in order. */
  readonly answers: { readonly status: number; readonly bytes: number }[];
  close(): Promise<void>;
}

/** Serves the file on loopback, with its ETag. */
export async function startSpotAdvisor(): Promise<SpotAdvisor> {
  const server = await serveOnLoopback(async (request, response) => {
    if (advisor.status === 'hang') return;
    if (advisor.status === 'disconnect') return void request.socket.destroy();
    const body = typeof advisor.advice === 'string' ? advisor.advice : fileOf(advisor.advice);
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;
    const isKnown = advisor.status === 200 && request.headers['if-none-match'] === etag;
    const status = isKnown ? 304 : advisor.status;
    advisor.answers.push({ status, bytes: isKnown ? 0 : Buffer.byteLength(body) });
    if (isKnown) return void response.writeHead(304, { etag }).end();
    reply(response, status, { 'content-type': 'application/json', etag }, body);
  });
  const advisor: SpotAdvisor = {
    url: `${server.url}/spot-advisor-data.json`,
    advice: {},
    status: 200,
    answers: [],
    close: () => server.close(),
  };
  return advisor;
}

const fileOf = (advice: Readonly<Record<string, Readonly<Record<string, unknown>>>>) =>
  JSON.stringify({
    ranges: ['<5%', '5-10%', '10-15%', '15-20%', '>20%'].map((label, index) => ({ index, label, dots: index })),
    instance_types: {},
    spot_advisor: Object.fromEntries(
      Object.entries(advice).map(([region, types]) => [
        region,
        { Linux: Object.fromEntries(Object.entries(types).map(([type, r]) => [type, { s: 70, r }])), Windows: {} },
      ]),
    ),
  });
