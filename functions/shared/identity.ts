import { AppError } from './errors.ts';

/** What a tenant's token is for: what agents call, looking, and changing things; who may change may look. */
export const tenantScopes = ['agent', 'read', 'manage'] as const;
export type TenantScope = (typeof tenantScopes)[number];

/** What an operator may do: look, or everything. */
export const operatorScopes = ['viewer', 'admin'] as const;
export type OperatorScope = (typeof operatorScopes)[number];

/** What a token says of its bearer. It is identity only: what the caller may touch is decided by each rule. */
export type Identity = TenantIdentity | OperatorIdentity | NobodyIdentity;

export interface TenantIdentity {
  readonly role: 'client';
  readonly clientId: string;
  readonly tokenId: string;
  /** How many of the tenant's instances may call: the agents of its plan, or the instances that it has, where those are more. */
  readonly callers: number;
  /** All that the token is for. */
  readonly scopes: readonly TenantScope[];
  /** Who this is in the audit log, as in `token:main`. */
  readonly actor: string;
}

/** The bootstrap credential, which is in no table, among the ids of tokens and operators. */
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

/** Why a caller is not let in. */
export const admissionCodes = [...(Object.keys(denials) as (keyof typeof denials)[]), 'forbidden'] as const;

export const denied = (code: keyof typeof denials) => new AppError(code, denials[code]);

/**
 * Lets a token in that is for one of these, at least.
 * @throws AppError forbidden, which names the scope that is needed
 */
export function requireScope<S extends string>(has: readonly S[], needed: S | readonly S[]): void {
  const any = [needed].flat() as S[];
  if (any.some((scope) => has.includes(scope))) return;
  throw new AppError('forbidden', `This needs a token with scope ${any.join(' or ')}; yours has ${has.join(', ')}`, {
    scope_needed: any,
  });
}

/** What an operator needs for what a tenant's token of these scopes may do. */
export const operatorScopeFor = (scope: TenantScope | readonly TenantScope[]): OperatorScope =>
  [scope].flat().includes('read') ? 'viewer' : 'admin';
