/**
 * Text as numbers: a byte a token, or as a `tokenizer.json` says.
 *
 * @module
 */

/** Options of {@linkcode Tokenizer.encode}. */
export interface EncodeOptions {
  /** Add the marks, such as one of the beginning, that models expect around a text; default false. */
  readonly special?: boolean;
}

/** Turns text into token ids and back. */
export interface Tokenizer {
  /** For people: "bytes", or the file that says how. */
  readonly name: string;
  /** SHA-256 of what decides the ids, hexadecimal; of the name where nothing else does. */
  readonly sha256: string;
  /** Ids are below it. */
  readonly vocabulary: number;
  /**
   * The ids of a text. What there is no token for becomes the one for the unknown; some tokenizers
   * leave it out.
   *
   * @throws {RangeError} When there is no token for the unknown, and the tokenizer wants one.
   */
  encode(text: string, options?: EncodeOptions): Int32Array;
  /**
   * The text of ids; bytes that are no UTF-8 become U+FFFD. Special tokens stay in it.
   *
   * @throws {RangeError} When there is no such id.
   */
  decode(ids: ArrayLike<number>): string;
}
