/**
 * The error for what a person typed, as opposed to what the program did.
 *
 * @module
 */

/** A mistake on the command line: printed as one line, without a stack, with exit code 1. */
export class UsageError extends Error {
  /** Tells the error apart where classes are compared by name. */
  override readonly name: string = "UsageError";
}
