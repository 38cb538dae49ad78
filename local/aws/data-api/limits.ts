const minute = 60_000;

/** The Data API's limits, in bytes and milliseconds. `Infinity` disables one. */
export const limits = {
  requestBytes: 4 << 20,
  resultBytes: 1 << 20,
  rowBytes: 64 << 10,
  statementMs: 45_000,
  transactionIdleMs: 3 * minute,
  transactionMs: 24 * 60 * minute,
};

export type Limits = typeof limits;
