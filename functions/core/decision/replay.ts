import { deflateSync, inflateSync } from 'node:zlib';
import type { DecisionInput } from './decision-input.ts';
import { type Decision, decide } from './policy.ts';

/** A decision as JSON, deflated and in base64; `null` if its column has no room for it. */
export function packedAnswer(decision: Decision): string | null {
  const packed = deflateSync(bytesOf(decision)).toString('base64');
  return packed.length <= mostCharacters ? packed : null;
}

const mostCharacters = 2500;

const bytesOf = (decision: Decision) => JSON.stringify(decision);

/** A decision as it is stored: a row of `decisions`, or a file with the same fields. */
export interface StoredDecision {
  /** As parsed from JSON: times are text. */
  readonly inputs: unknown;
  readonly decisionTime: Date;
  readonly answer: string | null;
}

/** `model` is what the stored hazards came from; it is `null` unless policy A applied. */
export type Replay =
  | {
      readonly kind: 'same' | 'different';
      readonly stored: string;
      readonly now: string;
      readonly model: string | null;
    }
  | { readonly kind: 'incomplete'; readonly why: string };

/** Decides again from the stored input, and compares the bytes. */
export function replay({ inputs, decisionTime, answer }: StoredDecision): Replay {
  if (answer === null) return { kind: 'incomplete', why: 'its output was too long to be stored' };
  const given = inputs as DecisionInput & { prices: { poolsOmitted?: number } };
  const omitted = given.prices.poolsOmitted ?? 0;
  if (omitted > 0)
    return { kind: 'incomplete', why: `${omitted} of its pools were not stored, because it had too many` };
  const stored = inflateSync(Buffer.from(answer, 'base64')).toString();
  const now = bytesOf(decide(withTimes(given), decisionTime));
  return { kind: now === stored ? 'same' : 'different', stored, now, model: given.service?.model ?? null };
}

const timeOf = (time: Date | string | null) => (time === null ? null : new Date(time));

function withTimes({ agent, prices, ...rest }: DecisionInput): DecisionInput {
  return {
    ...rest,
    // Decisions that predate jobs lack this field.
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
