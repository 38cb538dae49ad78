import { AppError } from './errors.ts';

/** What a token says of its bearer. It is identity only: what the caller may touch is decided by each rule. */
export type Identity = TenantIdentity | { readonly role: 'admin' };
export type TenantIdentity =
  | { readonly role: 'client'; readonly clientId: string }
  | { readonly role: 'none'; readonly denial: 'invalid_token' | 'client_inactive' };

const denials = {
  missing_token: 'Missing client token',
  invalid_token: 'Invalid client token',
  client_inactive: 'Client account is not active',
} as const;

export const denied = (code: keyof typeof denials) => new AppError(code, denials[code]);
