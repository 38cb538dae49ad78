import { randomInt } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { AppSecret } from './app-secret.ts';
import { type Login, makeAppUser } from './app-user.ts';

/** What Secrets Manager sends, once for each step; a step may be repeated. */
export interface RotationEvent {
  readonly Step: 'createSecret' | 'setSecret' | 'testSecret' | 'finishSecret';
  readonly SecretId: string;
  /** The id of the version being created. */
  readonly ClientRequestToken: string;
}

export const isRotation = (event: unknown): event is RotationEvent =>
  typeof event === 'object' && event !== null && 'Step' in event && 'ClientRequestToken' in event;

/**
 * Performs one step of rotating the application's password. Two users alternate: the next version of the secret has the
 * other user with a new password, so whatever still uses the current version keeps working until the rotation after
 * this one.
 * @param db connected with the master's secret
 */
export async function rotate(
  db: Kysely<unknown>,
  schema: string,
  secret: AppSecret,
  { Step, ClientRequestToken: version }: RotationEvent,
): Promise<void> {
  // The Data API reads only the current version, so nothing can be tested before the switch. Secrets Manager also sends
  // this step on its own when rotation is set up.
  if (Step === 'testSecret') return;
  const stage = await secret.stageOf(version);
  if (stage === 'current') return; // this rotation is done
  // A late call, from before another rotation, would change the password of the user that the other is about to use.
  if (stage === 'unused') throw new Error(`version ${version} of the secret is not the one that is being created`);
  switch (Step) {
    case 'createSecret': {
      if (await secret.read({ version })) return;
      const current = await secret.current();
      return secret.put(version, { ...current, username: otherUser(current.username), password: newPassword() });
    }
    case 'setSecret': {
      const pending = await secret.read({ version });
      if (!pending) throw new Error(`version ${version} of the secret has no value yet`);
      return makeAppUser(db, schema, pending);
    }
    case 'finishSecret':
      return secret.makeCurrent(version);
  }
}

const clone = '_clone';
const otherUser = (username: Login['username']) =>
  username.endsWith(clone) ? username.slice(0, -clone.length) : username + clone;

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const newPassword = () => Array.from({ length: 40 }, () => letters[randomInt(letters.length)]).join('');
