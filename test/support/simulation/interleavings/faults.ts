import type { Fault } from '../../../../local/aws/data-api/faults.ts';
import { seeded } from '../../../../local/random.ts';
import type { Rig } from '../../rig/rig.ts';

type Kind = Pick<Fault, 'error' | 'when' | 'operation'>;
const kinds = (when: Fault['when'], operation: Fault['operation'], ...errors: Fault['error'][]): Kind[] =>
  errors.map((error) => ({ when, operation, error }));

const outages = [
  'InternalServerErrorException',
  'ServiceUnavailableError',
  'DatabaseUnavailableException',
  'StatementTimeoutException',
] as const satisfies Fault['error'][];
const refusals = [
  'DatabaseResumingException',
  'ThrottlingException',
  'SecretsErrorException',
  'AccessDeniedException',
  'ForbiddenException',
  'HttpEndpointNotEnabledException',
] as const satisfies Fault['error'][];
const conflicts = [
  'DatabaseErrorException:1205',
  'DatabaseErrorException:1213',
  'TransactionNotFoundException',
] as const satisfies Fault['error'][];

/**
 * F1 to F3, by operation. Rollbacks are spared: a lost one holds its locks until the Data API ends the transaction,
 * three minutes later.
 */
const faults: Kind[] = [
  ...kinds('before', 'Execute', ...outages, ...refusals, ...conflicts, 'DatabaseErrorException:1062'),
  ...kinds('after', 'Execute', ...outages, ...conflicts),
  ...kinds('before', 'BeginTransaction', ...outages, ...refusals),
  ...kinds('before', 'CommitTransaction', ...outages, ...refusals, 'TransactionNotFoundException'),
  // Twice as often, as it is the worst of all: everything was done, and nobody knows.
  ...kinds('after', 'CommitTransaction', ...outages, ...outages, 'TransactionNotFoundException'),
];

export interface Chaos {
  /** The chance that a Data API call fails. */
  readonly percent: number;
  readonly seed: number;
}

/** Injects faults, and makes concurrent calls overtake each other at random. @returns a function that ends it */
export function injectChaos({ faults: injected, controlPlane }: Rig, { percent, seed }: Chaos): () => void {
  const random = seeded(seed);
  if (percent > 0)
    for (const kind of faults) {
      const alternatives = faults.filter(({ operation }) => operation === kind.operation).length;
      const probability = percent / 100 / alternatives;
      injected.inject({ ...kind, times: Number.POSITIVE_INFINITY, probability, random });
    }
  // A transaction that was begun without a response: rare, as its connection is in use until the Data API ends it.
  if (percent > 0 && seed % 64 === 0)
    injected.inject({ error: 'ServiceUnavailableError', when: 'after', operation: 'BeginTransaction' });
  controlPlane.dataApi.onCall = async () => {
    for (let turns = Math.floor(random() * 6); turns > 0; turns -= 1)
      await new Promise<void>((resolve) => setImmediate(resolve));
  };
  return () => {
    injected.clear();
    controlPlane.dataApi.onCall = undefined;
  };
}
