/** AWS's error codes and their HTTP statuses. */
const statusOf = {
  // STS
  AccessDenied: 403,
  Throttling: 400,
  // EC2
  AuthFailure: 401,
  UnauthorizedOperation: 403,
  OptInRequired: 401,
  RequestLimitExceeded: 503,
  FilterLimitExceeded: 400,
  InvalidParameterValue: 400,
  InvalidNextToken: 400,
  MaxConfigLimitExceeded: 400,
  // both
  InternalError: 500,
  Unavailable: 503,
  InvalidAction: 400,
} as const;

export type ErrorCode = keyof typeof statusOf;

/** An error response. */
export class AwsError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message = `${code}, as the test has it`) {
    super(message);
    this.code = code;
  }
  get status(): number {
    return statusOf[this.code];
  }
}
