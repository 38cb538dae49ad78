import type { Fault } from '../../../local/aws/data-api/faults.ts';
import { triesEveryFault } from '../run/sizes.ts';

/**
 * Every error class of test plan F1-F3, by how we classify it. Where one error of a kind is enough, it is the first.
 */
export const classes: Readonly<Record<string, readonly Fault['error'][]>> = {
  resuming: ['DatabaseResumingException'],
  unavailable: [
    'InternalServerErrorException',
    'ServiceUnavailableError',
    'DatabaseUnavailableException',
    'ThrottlingException',
  ],
  timeout: ['StatementTimeoutException'],
  conflict: ['DatabaseErrorException:1213', 'DatabaseErrorException:1205', 'TransactionNotFoundException'],
  duplicate: ['DatabaseErrorException:1062'],
  refused: [
    'AccessDeniedException',
    'ForbiddenException',
    'SecretsErrorException',
    'InvalidSecretException',
    'HttpEndpointNotEnabledException',
    'InvalidResourceStateException',
    'DatabaseNotFoundException',
    'NotFoundException',
  ],
};

/**
 * The errors to try: all of them in a soak (`npm run soak`), otherwise the first of the kind. That the others are
 * classified as the same kind is tested in test/functions/shared/dialect.test.ts.
 */
export const tried = ([first, ...others]: readonly Fault['error'][]) =>
  triesEveryFault ? [first!, ...others] : [first!];

/** Kinds that are retried within the same request, so that it matters whether the fault lasts. */
export const repeated = new Set(['resuming', 'unavailable', 'conflict', 'duplicate']);
