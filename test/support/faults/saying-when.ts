import type { Answer } from '../rig/api.ts';
import type { Said } from './fault-rig.ts';

/** An HTTP request: its response, and whether it says when to retry. */
export const sayingWhen = (send: () => Promise<Answer>) => async (): Promise<Said> => {
  const { status, body, calls, headers } = await send();
  return { status, body, calls, retryAfter: headers.has('retry-after') };
};
