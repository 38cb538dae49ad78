import type { Fault } from '../../../local/aws/data-api/faults.ts';
import { triesEveryFault } from '../run/sizes.ts';

/** Every class of test plan F1-F3, by what we make of it; where one stands for its kind it is the first. */
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
 * In a soak (`npm run soak`) each error on each route. Otherwise the first of its kind: that the others are taken for the same kind is
 * tested where they are told apart (test/functions/shared/dialect.test.ts).
 */
export const tried = ([first, ...others]: readonly Fault['error'][]) =>
  triesEveryFault ? [first!, ...others] : [first!];

/** What is called again within the same request, so that it matters whether the fault lasts. */
export const repeated = new Set(['resuming', 'unavailable', 'conflict', 'duplicate']);
