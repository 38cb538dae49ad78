/** An error that is passed from one thread to another. */
export interface ErrorData {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its own properties that are text, numbers or flags, such as `kind` and `errno`. */
  readonly facts: Readonly<Record<string, string | number | boolean>>;
  readonly cause: ErrorData | undefined;
}

/** Copies only an error's plain properties: the SDK's errors hold sockets, which cannot be sent. */
export function errorToData(thrown: unknown): ErrorData {
  if (!(thrown instanceof Error))
    return { name: 'Error', message: String(thrown), stack: undefined, facts: {}, cause: undefined };
  const { name, message, stack, cause } = thrown;
  const facts = Object.fromEntries(
    Object.entries(thrown).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)),
  );
  return { name, message, stack, facts, cause: cause === undefined ? undefined : errorToData(cause) };
}

/** Rebuilds an error that was sent. It looks the same, but its class is Error. */
export function errorFromData({ name, message, stack, facts, cause }: ErrorData): Error {
  const error = new Error(message, cause && { cause: errorFromData(cause) });
  const hidden = { enumerable: false, configurable: true, writable: true };
  Object.defineProperties(error, { name: { ...hidden, value: name }, stack: { ...hidden, value: stack } });
  return Object.assign(error, facts);
}
