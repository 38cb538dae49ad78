/** The process of `lambda-process.ts`: runs the functions that it is told to run, until it is killed. */
import type { Answered, Asked } from './lambda-process.ts';
import { timelessFunctions } from './timeless-functions.ts';

const invoke = timelessFunctions(process.argv[2]!);

process.on('message', async ({ id, name, event, invocation }: Asked) => {
  const answer: Answered = await invoke(name, event, invocation).then(
    (result) => ({ id, result }),
    ({ name, message, kind }: Error & { kind?: string }) => ({ id, error: { name, message, kind } }),
  );
  process.send!(answer);
});
