/**
 * Small integers and characters, which LAPACK takes by address.
 *
 * @module
 */

/** Places in the block, in 32-bit words. */
const WORD = {
  m: 0,
  n: 1,
  k: 2,
  lwork: 3,
  info: 4,
  upper: 5,
  plain: 6,
  thin: 7,
  vectors: 8,
} as const;

/** Bytes of a block, a multiple of 8. */
export const BLOCK_BYTES = 40;

/** Upper triangle; not unit triangular; thin factors; eigenvectors. */
const CHARACTERS = [["upper", "U"], ["plain", "N"], ["thin", "S"], ["vectors", "V"]] as const;

/** Native addresses of the parameters. */
export type Addresses = Readonly<Record<keyof typeof WORD, number>>;

/** A block of parameters in memory that native code reads. */
export class ParameterBlock {
  readonly #bytes: () => Uint8Array;
  readonly #base: () => number;
  #words: Int32Array = new Int32Array(0);
  #addresses: Addresses = addressesFrom(0);

  /**
   * Makes a block.
   *
   * @param bytes The memory of the block; asked for again when its buffer is detached.
   * @param base Its native address.
   */
  constructor(bytes: () => Uint8Array, base: () => number) {
    this.#bytes = bytes;
    this.#base = base;
  }

  /** Writes the parameters and gives their addresses. */
  write(values: { m: number; n: number; k?: number; lwork?: number }): Addresses {
    const words = this.#view();
    words[WORD.m] = values.m;
    words[WORD.n] = values.n;
    words[WORD.k] = values.k ?? 0;
    words[WORD.lwork] = values.lwork ?? 0;
    words[WORD.info] = 0;
    return this.#addresses;
  }

  /** What LAPACK returned: 0 for success. */
  info(): number {
    return this.#view()[WORD.info]!;
  }

  /** The words of the block, made anew when the memory has grown. */
  #view(): Int32Array {
    if (this.#words.length > 0) return this.#words;
    const bytes = this.#bytes();
    this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, BLOCK_BYTES / 4);
    this.#addresses = addressesFrom(this.#base());
    for (const [name, char] of CHARACTERS) {
      this.#words[WORD[name]] = char.charCodeAt(0);
    }
    return this.#words;
  }
}

function addressesFrom(base: number): Addresses {
  const entries = Object.entries(WORD).map(([name, word]) => [name, base + 4 * word]);
  return Object.fromEntries(entries) as Addresses;
}
