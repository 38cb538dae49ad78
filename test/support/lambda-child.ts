/** The process of `lambda-process.ts`: runs the functions that it is told to run, until it is killed. */
import { lambdaHost } from '../../local/aws/lambda-host.ts';
import type { Answered, Asked } from './lambda-process.ts';

const invoke = lambdaHost();

process.on('message', async ({ id, name, event, invocation }: Asked) => {
  const answer: Answered = await invoke(name, event, invocation).then(
    (result) => ({ id, result }),
    (error: Error) => ({ id, error: error.message }),
  );
  process.send!(answer);
});
