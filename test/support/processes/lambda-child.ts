/** The process of `lambda-process.ts`: runs the functions that it is told to run, until it is killed. */
import type { Answered, Asked, FailureSaid } from './lambda-process.ts';
import { timelessFunctions } from './timeless-functions.ts';

const invoke = timelessFunctions(process.argv[2]!);

process.on('message', async ({ id, name, event, invocation }: Asked) => {
  const answer: Answered = await invoke(name, event, invocation).then(
    (result) => ({ id, result }),
    (error: FailureSaid) => ({ id, error: inWords(error) }),
  );
  process.send!(answer);
});

function inWords({ name, message, kind, errors }: FailureSaid): FailureSaid {
  return { name, message, kind, errors: errors?.map(inWords) };
}
