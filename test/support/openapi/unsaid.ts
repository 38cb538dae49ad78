import type { Asked } from './types.ts';

type Fields = Readonly<Record<string, unknown>>;

const roleInAccount = (role: string) => (asked: Asked) => {
  const body = asked.body as Fields | undefined;
  const arn = body?.[role];
  const account = body?.aws_account_id;
  if (typeof arn !== 'string') return asked;
  return {
    ...asked,
    body: { ...body, [role]: arn.replace(/(?<=::)\d{12}(?=:)/, String(account)), aws_account_id: account },
  };
};

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/** Makes requests keep rules that JSON Schema cannot express, mostly because they compare two fields. */
export const unsaid: Readonly<Record<string, (asked: Asked) => Asked>> = {
  // The role must be in the account.
  D1: (asked) => roleInAccount('aws_role_arn')(withAccount(asked)),
  E2: roleInAccount('role_arn'),
  // It must be a URL by the URL standard.
  N5: (asked) => {
    const body = asked.body as Fields | undefined;
    if (typeof body?.url !== 'string') return asked;
    return { ...asked, body: { ...body, url: 'https://hooks.example.com/spot' } };
  },
  // No two overlays may cover the same thing at once, and none may end before it begins.
  E11: (asked) => {
    const { overlays } = (asked.body ?? {}) as { overlays?: unknown };
    if (!Array.isArray(overlays)) return asked;
    const lines = overlays.slice(0, 1).map((line) => (isFields(line) ? { ...line, until: null } : line));
    return { ...asked, body: { overlays: lines } };
  },
  // A deadline must be in the future, and not too far.
  C7: (asked) => {
    const body = asked.body as Fields | undefined;
    return typeof body?.deadline === 'string' ? { ...asked, body: { ...body, deadline: 'none' } } : asked;
  },
  // The period must not end before it begins, nor be longer than 31 days.
  E7: (asked) => {
    const { from, ...query } = asked.query;
    const to = new Date(String(query.to));
    if (from === undefined || Number.isNaN(to.getTime())) return asked;
    return { ...asked, query: { ...query, from: new Date(to.getTime() - 86_400_000).toISOString() } };
  },
};

const withAccount = (asked: Asked) => {
  const body = asked.body as Fields | undefined;
  return body?.aws_role_arn
    ? {
        ...asked,
        body: {
          aws_account_id: '123456789012',
          ...body,
          ...(body.aws_account_id === null && { aws_account_id: '123456789012' }),
        },
      }
    : asked;
};
