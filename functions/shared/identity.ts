import { AppError } from './errors.ts';

/**
 * What a tenant's token allows: `agent` what agents call, `read` viewing, `manage` changing things. `manage` includes
 * `read`.
 */
export const tenantScopes = ['agent', 'read', 'manage'] as const;
export type TenantScope = (typeof tenantScopes)[number];

/** What an operator may do: view, or everything. */
export const operatorScopes = ['viewer', 'admin'] as const;
export type OperatorScope = (typeof operatorScopes)[number];

/** Who the bearer of a token is. It is identity only: each rule decides what the caller may touch. */
export type Identity = TenantIdentity | OperatorIdentity | NobodyIdentity;

export interface TenantIdentity {
  readonly role: 'client';
  readonly clientId: string;
  readonly tokenId: string;
  /** How many of the tenant's instances may call: the agents of its plan, or its instances if there are more. */
  readonly callers: number;
  /** Everything that the token may do. */
  readonly scopes: readonly TenantScope[];
  /** Who this is in the audit log, as in `token:main`. */
  readonly actor: string;
}

/** The bootstrap credential's id where tokens and operators have theirs; it is in no table. */
export const bootstrapId = 'admin';

export interface OperatorIdentity {
  readonly role: 'operator';
  /** `bootstrapId` for the bootstrap credential. */
  readonly tokenId: string;
  readonly scopes: readonly OperatorScope[];
  /** Who this is in the audit log: `admin` for the bootstrap credential, or as in `operator:ann`. */
  readonly actor: string;
}

export interface NobodyIdentity {
  readonly role: 'none';
  readonly denial: 'invalid_token' | 'token_expired' | 'token_revoked' | 'client_inactive';
}

const denials = {
  missing_token: 'Missing client token',
  invalid_token: 'Invalid client token',
  token_expired: 'This token has expired; ask for a new one',
  token_revoked: 'This token was revoked; ask for a new one',
  client_inactive: 'Client account is not active',
} as const;

/** The codes that say why a caller is not admitted. */
export const admissionCodes = [...(Object.keys(denials) as (keyof typeof denials)[]), 'forbidden'] as const;

export const denied = (code: keyof typeof denials) => new AppError(code, denials[code]);

/**
 * Admits a token that has at least one of the needed scopes.
 * @throws AppError forbidden, which names the scopes that are needed
 */
export function requireScope<S extends string>(has: readonly S[], needed: S | readonly S[]): void {
  const any = [needed].flat() as S[];
  if (any.some((scope) => has.includes(scope))) return;
  throw new AppError('forbidden', `This needs a token with scope ${any.join(' or ')}; yours has ${has.join(', ')}`, {
    scope_needed: any,
  });
}

/** The scope an operator needs on a route that asks a tenant's token for these scopes. */
export const operatorScopeFor = (scope: TenantScope | readonly TenantScope[]): OperatorScope =>
  [scope].flat().includes('read') ? 'viewer' : 'admin';
