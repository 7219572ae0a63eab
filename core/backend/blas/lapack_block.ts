/**
 * Small integers and characters, which LAPACK takes by address.
 *
 * @module
 */

/** Places in the block, in 32-bit words. */
const WORD = { m: 0, n: 1, k: 2, lwork: 3, info: 4, upper: 5, plain: 6, thin: 7 } as const;

/** Bytes of a block. */
export const BLOCK_BYTES = 32;

/** Native addresses of the parameters. */
export type Addresses = Readonly<Record<keyof typeof WORD, number>>;

/** A block of parameters in memory that native code reads. */
export class ParameterBlock {
  readonly #bytes: () => Uint8Array;
  readonly #base: () => number;

  /**
   * Makes a block.
   *
   * @param bytes The memory of the block.
   * @param base Its native address.
   */
  constructor(bytes: () => Uint8Array, base: () => number) {
    this.#bytes = bytes;
    this.#base = base;
  }

  /** Writes the parameters and gives their addresses. */
  write(values: { m: number; n: number; k?: number; lwork?: number }): Addresses {
    const bytes = this.#bytes();
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, BLOCK_BYTES / 4);
    words.set([values.m, values.n, values.k ?? 0, values.lwork ?? 0, 0]);
    // Upper triangle; not unit triangular; thin factors.
    for (const [name, char] of [["upper", "U"], ["plain", "N"], ["thin", "S"]] as const) {
      words[WORD[name]] = char.charCodeAt(0);
    }
    const base = this.#base();
    const entries = Object.entries(WORD).map(([name, word]) => [name, base + 4 * word]);
    return Object.fromEntries(entries) as Addresses;
  }

  /** What LAPACK returned: 0 for success. */
  info(): number {
    const bytes = this.#bytes();
    return new Int32Array(bytes.buffer, bytes.byteOffset, BLOCK_BYTES / 4)[WORD.info]!;
  }
}
