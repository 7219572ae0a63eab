/** Thrown by every assertion that does not hold. */
export class AssertionError extends Error {
  /** Makes the error with its message and the usual options of errors. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

/**
 * Throws an {@linkcode AssertionError} that joins what was found with the caller's own words.
 *
 * @param what What does not hold, a sentence without its full stop.
 * @param msg The caller's words.
 */
export function refuse(what: string, msg?: string): never {
  throw new AssertionError(msg ? `${what}: ${msg}` : `${what}.`);
}
