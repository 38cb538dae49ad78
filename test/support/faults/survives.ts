import { describe, it } from 'vitest';
import type { Fault, Operation } from '../../../local/aws/data-api/faults.ts';
import { isTried, triesEveryFault } from '../run/sizes.ts';
import { classes, repeated, tried } from './fault-classes.ts';
import type { FaultAct, FaultRig } from './fault-rig.ts';

interface Options {
  /** Leaves the test of every error class to the soak: all routes share the code that classifies errors. */
  readonly classesInSoak?: boolean;
}

const atEachCall = [
  ['InternalServerErrorException', 'after'],
  ['InternalServerErrorException', 'before'],
  ['DatabaseErrorException:1213', 'before'],
  ['StatementTimeoutException', 'after'],
] as const;

/** Faults that strike once, and that last. All transactions begin and end in one place: there one error is enough. */
const errorsAt = (operation: Operation, when: Fault['when']): Fault[] =>
  Object.entries(classes).flatMap(([kind, errors]) => [
    ...(operation === 'Execute' ? tried(errors) : [errors[0]!]).map((error) => ({ error, when, operation, times: 1 })),
    ...(repeated.has(kind) ? [{ error: errors[0]!, when, operation, times: Number.POSITIVE_INFINITY }] : []),
  ]);

/** Tests acts under every error class, and under an error at each of their calls. */
export function describeFaults(
  acts: readonly (FaultAct & { readonly title: string })[],
  of: () => FaultRig,
  { classesInSoak = false }: Options = {},
) {
  const hasClasses = !classesInSoak || triesEveryFault;
  describe.each(acts.map((act, index) => ({ ...act, index })))('$title', ({ index, ...act }) => {
    if (hasClasses)
      it.each(['before', 'after'] as const)('survives every error class %s a call, once or for long', async (when) => {
        of().rig.controlPlane.gateway.forgetAuthorizations();
        const { wanted, operations } = await of().control(act); // which also makes the gateway cache the authorization
        const faults = operations.flatMap((operation) => errorsAt(operation, when));
        for (const [k, fault] of faults.entries())
          if (isTried(k + (when === 'after' ? faults.length : 0), index)) await of().meet(act, wanted, fault);
      });

    it('survives an error at each of its calls', async () => {
      of().rig.controlPlane.gateway.forgetAuthorizations();
      const { wanted, calls } = await of().control(act);
      for (let n = 0; n < calls; n += 1)
        for (const [k, [error, when]] of atEachCall.entries()) {
          // Two of the four at each call, in turn: one lost response and one refused call. A soak tries all.
          if (!triesEveryFault && (n + k) % 2 === 1) continue;
          if (!isTried(n + k, index, 7)) continue;
          let seen = 0;
          // The fault strikes at the nth call only.
          await of().meet(act, wanted, {
            error,
            when,
            times: 1,
            probability: 0.5,
            random: () => (seen++ === n ? 0 : 1),
          });
        }
    });
  });
}
