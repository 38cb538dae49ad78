/** Every failure that a caller may see, with its HTTP status. The OpenAPI document lists them from this table. */
export const errorStatus = {
  invalid_request: 400,
  agent_disabled: 400,
  agent_too_old: 400,
  replica_not_ready: 400,
  replica_inactive: 400,
  replica_exists: 400,
  manual_mode_off: 400,
  no_suitable_pool: 400,
  pool_mismatch: 400,
  already_there: 400,
  missing_token: 401,
  invalid_token: 401,
  token_expired: 401,
  token_revoked: 401,
  client_inactive: 403,
  forbidden: 403,
  link_invalid: 403,
  auto_switch_disabled: 403,
  not_found: 404,
  agent_not_found: 404,
  client_not_found: 404,
  command_not_found: 404,
  instance_not_found: 404,
  replica_not_found: 404,
  pool_not_found: 404,
  token_not_found: 404,
  operator_not_found: 404,
  notification_not_found: 404,
  alert_not_found: 404,
  webhook_not_found: 404,
  what_if_not_found: 404,
  model_session_not_found: 404,
  no_fallback: 404,
  client_exists: 409,
  alert_limit: 409,
  token_exists: 409,
  price_unknown: 409,
  already_expired: 409,
  operator_exists: 409,
  too_many_tokens: 409,
  command_in_flight: 409,
  agent_deleted: 409,
  plan_limit: 409,
  agent_not_enabled: 409,
  instance_not_primary: 409,
  replica_has_no_machine: 409,
  replica_has_machine: 409,
  instance_of_another_client: 409,
  no_receiver: 409,
  topic_of_another_account: 409,
  body_too_large: 413,
  model_unusable: 422,
  test_too_soon: 429,
  too_many_what_ifs: 429,
  rate_limited: 429,
  unavailable: 503,
} as const;

export type ErrorCode = keyof typeof errorStatus;

/** What a failure carries besides its message: `details` of a validation, `hint`, `current_mode`, … (protocol 1.6). */
export type ErrorDetail = Record<string, unknown>;

/**
 * A failure that the caller is told about. Any other error is logged and becomes a bare 500, or a 503 for most database
 * failures.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.detail = detail;
  }
}

/** For a request with invalid fields. @param details what is wrong with each, by its name */
export const invalidFields = (details: Readonly<Record<string, readonly string[]>>) =>
  new AppError('invalid_request', 'Validation failed', { details });

/** The same for one field. */
export const invalidField = (field: string, problem: string) => invalidFields({ [field]: [problem] });

/** For an agent that does not exist, is deleted, or belongs to another tenant: callers cannot tell which. */
export const agentNotFound = (ref: string) => new AppError('agent_not_found', `Agent not found: ${ref.slice(0, 120)}`);
