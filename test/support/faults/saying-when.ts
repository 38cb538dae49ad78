import type { Answer } from '../rig/api.ts';
import type { Said } from './fault-rig.ts';

/** A call over HTTP: what was said, and whether it says when to come back. */
export const sayingWhen = (send: () => Promise<Answer>) => async (): Promise<Said> => {
  const { status, body, calls, headers } = await send();
  return { status, body, calls, retryAfter: headers.has('retry-after') };
};
