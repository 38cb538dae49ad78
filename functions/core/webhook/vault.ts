import { seal, unseal } from '../tenant/token-vault.ts';

/** What must not be readable in the table: the URL, which may be a secret, as Slack's are, and what signs messages. */
export interface Sealed {
  /** `null` if there is only a topic. */
  readonly url: string | null;
  readonly secret: string;
  /** The secret before the last rotation, which signs too until this time, in ISO-8601. */
  readonly previous: { readonly secret: string; readonly until: string } | null;
}

const purpose = 'webhook';

/** @throws AppError unavailable */
export const sealWebhook = (clientId: string, sealed: Sealed) => seal({ clientId, purpose }, JSON.stringify(sealed));

/** @throws AppError unavailable */
export const unsealWebhook = async (clientId: string, ciphertext: string) =>
  JSON.parse(await unseal({ clientId, purpose }, ciphertext)) as Sealed;

/** The secrets that sign a message at a time. */
export const secretsAt = ({ secret, previous }: Sealed, now: Date): readonly string[] =>
  previous && new Date(previous.until) > now ? [secret, previous.secret] : [secret];
