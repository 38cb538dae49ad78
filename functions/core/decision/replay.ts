import { deflateSync, inflateSync } from 'node:zlib';
import type { DecisionInput } from './decision-input.ts';
import { type Decision, decide } from './policy.ts';

/** The bytes of an answer, deflated, in base64; `null` where its column has no room for them. */
export function packedAnswer(decision: Decision): string | null {
  const packed = deflateSync(bytesOf(decision)).toString('base64');
  return packed.length <= mostCharacters ? packed : null;
}

const mostCharacters = 2500;

const bytesOf = (decision: Decision) => JSON.stringify(decision);

/** A decision as it is kept: a row of `decisions`, or a file with the same fields. */
export interface StoredDecision {
  /** As it came from JSON: times are text. */
  readonly inputs: unknown;
  readonly decisionTime: Date;
  readonly answer: string | null;
}

/** `model` told the hazards, which are stored with the decision; it is `null` where rules decided. */
export type Replay =
  | {
      readonly kind: 'same' | 'different';
      readonly stored: string;
      readonly now: string;
      readonly model: string | null;
    }
  | { readonly kind: 'incomplete'; readonly why: string };

/** Takes a decision again, of what is stored with it, and compares the bytes. */
export function replay({ inputs, decisionTime, answer }: StoredDecision): Replay {
  if (answer === null) return { kind: 'incomplete', why: 'its answer was too long to be kept' };
  const given = inputs as DecisionInput & { prices: { poolsOmitted?: number } };
  const omitted = given.prices.poolsOmitted ?? 0;
  if (omitted > 0) return { kind: 'incomplete', why: `${omitted} of its pools were too many to be kept` };
  const stored = inflateSync(Buffer.from(answer, 'base64')).toString();
  const now = bytesOf(decide(withTimes(given), decisionTime));
  return { kind: now === stored ? 'same' : 'different', stored, now, model: given.service?.model ?? null };
}

const timeOf = (time: Date | string | null) => (time === null ? null : new Date(time));

function withTimes({ agent, prices, ...rest }: DecisionInput): DecisionInput {
  return {
    ...rest,
    // Decisions of before there were jobs say nothing of them.
    job: rest.job ?? null,
    agent: {
      ...agent,
      lastSwitchAt: timeOf(agent.lastSwitchAt),
      lastEmergencyAt: timeOf(agent.lastEmergencyAt),
      lastFailedSwitchAt: timeOf(agent.lastFailedSwitchAt),
    },
    prices: { ...prices, pools: prices.pools.map((pool) => ({ ...pool, at: new Date(pool.at) })) },
  };
}
