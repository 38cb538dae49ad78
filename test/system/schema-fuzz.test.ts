import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import fc from '../support/fast-check.ts';
import { type FuzzWorld, fuzzWorld } from '../support/openapi/fuzz-world.ts';
import { faultOfRequest, filled, requestsOf, urlOf } from '../support/openapi/requests.ts';
import { issuedCursors, operations } from '../support/openapi/schemas.ts';
import type { Asked } from '../support/openapi/types.ts';
import { unsaid } from '../support/openapi/unsaid.ts';
import { findingOf } from '../support/openapi/verdict.ts';
import { Rig } from '../support/rig/rig.ts';
import { sizes } from '../support/run/sizes.ts';

// Sends every route requests that the OpenAPI document's schemas allow, and near misses, and checks the responses
// against the document. SCHEMA_CASES=2000 runs longer; SEED sends the same requests again.
const { part, parts } = inject('simulation');
const cases = sizes.schemaCases;
const mine = operations.filter((_, index) => index % parts === part);
const seed = Number(process.env.SEED ?? inject('runSeed'));

/**
 * Concurrent lanes, each in worlds of its own, so that none waits for another's lock. Many requests are worth the
 * setup.
 */
const lanes = cases < 50 ? 1 : 3;
/** How many requests that may change something share a world: the first may already remove what it has. */
const casesOfWorld = Math.max(8, Math.ceil(cases / lanes / 3));

/** Routes where no generated request can succeed in a tenant's world: they need an uploaded model that works. */
const neverTaken = new Set(['D12', 'D13']);

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});

const tally = { allowed: 0, taken: 0, 'near misses': 0, 'near misses taken': 0 };
afterAll(async () => {
  console.log(`SEED=${seed}: ${JSON.stringify(tally)}`);
  await rig.stop();
});

type Target = (typeof operations)[number];

describe(`${cases} requests to each route that the document’s schemas make`, () => {
  it.each(mine)('$name', { timeout: 60_000 + cases * 200 }, async (target) => {
    const { operation } = target;
    const id = operation['x-protocol-id'];
    const takesInput = Boolean(operation.parameters ?? operation.requestBody);
    const options = { numRuns: takesInput ? cases : 3, seed: seed + operations.indexOf(target) };
    const requests = fc.sample(requestsOf(operation), options).map((asked) => unsaid[id]?.(asked) ?? asked);
    const findings: string[] = [];
    let isTaken = false;

    const play = async (lane: number) => {
      let world: FuzzWorld | undefined;
      for (let i = lane, n = 0; i < requests.length; i += lanes, n += 1) {
        if (target.method === 'GET') world ??= await readersWorld(id, lane);
        else if (n % casesOfWorld === 0) world = await fuzzWorld(rig, id, (lane + n / casesOfWorld) % 2 === 0);
        const asked = filled(requests[i]!, world!.ids);
        const fault = faultOfRequest(operation, asked);
        const answer = await send(target, world!, asked);
        const finding = findingOf(operation, fault, answer);
        if (finding) findings.push(`${finding}\n${curl(target, asked)}\n${JSON.stringify(answer.body).slice(0, 500)}`);
        const taken = answer.status < 300;
        tally[fault === undefined ? 'allowed' : 'near misses'] += 1;
        if (taken) tally[fault === undefined ? 'taken' : 'near misses taken'] += 1;
        isTaken ||= taken && fault === undefined;
      }
    };
    await Promise.all(Array.from({ length: lanes }, (_, lane) => play(lane)));
    expect(findings.length, `SEED=${seed}: ${findings.slice(0, 5).join('\n\n')}\n`).toBe(0);
    // With few requests this may be chance.
    if (cases >= 20 && !neverTaken.has(id)) expect(isTaken, `SEED=${seed}: none was taken`).toBe(true);
  });
});

/** The worlds that are only read, by lane. */
const readers: Promise<FuzzWorld>[] = [];
async function readersWorld(id: string, lane: number): Promise<FuzzWorld> {
  if (id === 'X36') return fuzzWorld(rig, id, true); // its link is an operator's
  readers[lane] ??= fuzzWorld(rig, 'GET', lane % 2 === 0);
  const { token, ids } = await readers[lane];
  return { token, ids: { ...ids } };
}

async function send({ method, path, operation }: Target, world: FuzzWorld, asked: Asked) {
  const isOperators = operation.security.length > 0 && operation.security.every((one) => 'adminToken' in one);
  const token = isOperators ? rig.controlPlane.adminToken : world.token;
  const answer = await rig.request(method, urlOf(path, asked), { token, body: asked.body });
  const next = answer.headers.get('x-next-cursor');
  if (next) {
    issuedCursors.add(next);
    world.ids.cursor = next;
  }
  return answer;
}

const curl = ({ method, path }: Target, asked: Asked) =>
  `${method} ${urlOf(path, asked)} ${JSON.stringify(asked.body) ?? ''}`;
