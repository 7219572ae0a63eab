/**
 * Rotary positions: pairs of entries turned by angles that grow with the position.
 *
 * @module
 */

import { checkNumber, type Engine, type RotaryPairing, type Tensor } from "../core/mod.ts";

/** How frequencies differ from those of a model that was trained on shorter texts. */
export type RotaryScaling =
  | {
    /** Positions divided by a factor. */
    readonly type: "linear";
    /** That factor. */
    readonly factor: number;
  }
  | {
    /** Long waves slower, short ones as they are, between them both (Llama 3.1). */
    readonly type: "llama3";
    /** By how much long waves are slower. */
    readonly factor: number;
    /** Waves longer than `original` over this are long. */
    readonly low: number;
    /** Waves shorter than `original` over this are short. */
    readonly high: number;
    /** Tokens that the model was trained on at first. */
    readonly original: number;
  };

/**
 * Settings of rotary positions.
 *
 * @example A context that is four times as long as the trained one
 * ```ts
 * import type { RotaryOptions, RotaryScaling } from "@rankflow/rankflow";
 * import { rotaryFrequencies } from "@rankflow/rankflow/layers";
 * import { assertEquals } from "@std/assert";
 *
 * const scaling: RotaryScaling = { type: "linear", factor: 4 };
 * const options: RotaryOptions = { base: 10000, scaling };
 * const [long, plain] = [options, {}].map((o) => rotaryFrequencies(8, o));
 * assertEquals(long![0], plain![0]! / 4);
 * ```
 */
export interface RotaryOptions {
  /** θ: pair k of e/2 turns by θ^(−2k/e) at each token; default 10000. */
  readonly base?: number;
  /** Which entries are pairs; default "half-split". */
  readonly pairing?: RotaryPairing;
  /** Default: frequencies as they are. */
  readonly scaling?: RotaryScaling;
}

/**
 * Angles per token of the pairs of a head (Su et al., arXiv 2104.09864).
 *
 * @param size Entries of a head, e: even.
 * @returns e/2 numbers, the fastest first.
 * @throws {RangeError} When the size is odd, or the base is no number above 1.
 *
 * @example Two pairs
 * ```ts
 * import { rotaryFrequencies } from "@rankflow/rankflow/layers";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([...rotaryFrequencies(4, { base: 100 })], [1, 0.1]);
 * ```
 */
export function rotaryFrequencies(size: number, options: RotaryOptions = {}): Float64Array {
  const { base = 10_000, scaling } = options;
  checkNumber("turn pairs", "the base", base, { above: 1 });
  if (size % 2 !== 0) {
    throw new RangeError(`Cannot turn pairs: expected an even number of entries, got ${size}`);
  }
  const plain = Float64Array.from({ length: size / 2 }, (_, k) => base ** (-2 * k / size));
  return scaling ? plain.map((w) => scaled(w, scaling)) : plain;
}

/** Cosines and sines of positions: computed once, for the positions that were asked for so far. */
class RotaryTable {
  readonly #frequencies: Float64Array;
  #cos: Float32Array = new Float32Array();
  #sin: Float32Array = new Float32Array();

  constructor(frequencies: Float64Array) {
    this.#frequencies = frequencies;
  }

  /** Both for so many tokens from a position on, tokens×(e/2). */
  at(from: number, tokens: number): [Float32Array, Float32Array] {
    const pairs = this.#frequencies.length;
    const [begin, end] = [from * pairs, (from + tokens) * pairs];
    // A text that grows token by token must not make it anew for each of them.
    if (end > this.#cos.length) this.#grow(Math.max(end, 2 * this.#cos.length));
    return [this.#cos.subarray(begin, end), this.#sin.subarray(begin, end)];
  }

  #grow(length: number): void {
    const pairs = this.#frequencies.length;
    const angles = Float64Array.from(
      { length },
      (_, i) => Math.floor(i / pairs) * this.#frequencies[i % pairs]!,
    );
    this.#cos = Float32Array.from(angles, Math.cos);
    this.#sin = Float32Array.from(angles, Math.sin);
  }
}

/**
 * What turns B×h×T×e, whose first token is at a position.
 *
 * @param size Entries of a head, e: even.
 * @throws {RangeError} As {@linkcode rotaryFrequencies}.
 */
export function rotaryTurn(
  size: number,
  options: RotaryOptions,
): (engine: Engine, x: Tensor, from: number) => Tensor {
  const { pairing = "half-split" } = options;
  const table = new RotaryTable(rotaryFrequencies(size, options));
  return (engine, x, from) => {
    const tokens = x.shape[2]!;
    const [cos, sin] = table.at(from, tokens).map((t) => engine.tensor(t, [tokens, size / 2]));
    return engine.rotary(x, cos!, sin!, pairing);
  };
}

function scaled(frequency: number, s: RotaryScaling): number {
  if (s.type === "linear") return frequency / s.factor;
  const wave = 2 * Math.PI / frequency;
  if (wave < s.original / s.high) return frequency;
  if (wave > s.original / s.low) return frequency / s.factor;
  const share = (s.original / wave - s.low) / (s.high - s.low);
  return (1 - share) * frequency / s.factor + share * frequency;
}
