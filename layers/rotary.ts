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

/** Turns B×h×T×e, whose first token is at a position. */
export function turned(
  engine: Engine,
  x: Tensor,
  frequencies: Float64Array,
  from: number,
  pairing: RotaryPairing = "half-split",
): Tensor {
  const [tokens, pairs] = [x.shape[2]!, frequencies.length];
  const angles = Float64Array.from(
    { length: tokens * pairs },
    (_, i) => (from + Math.floor(i / pairs)) * frequencies[i % pairs]!,
  );
  const table = (f: (angle: number) => number) =>
    engine.tensor(Float32Array.from(angles, f), [tokens, pairs]);
  return engine.rotary(x, table(Math.cos), table(Math.sin), pairing);
}

function scaled(frequency: number, s: RotaryScaling): number {
  if (s.type === "linear") return frequency / s.factor;
  const wave = 2 * Math.PI / frequency;
  if (wave < s.original / s.high) return frequency;
  if (wave > s.original / s.low) return frequency / s.factor;
  const share = (s.original / wave - s.low) / (s.high - s.low);
  return (1 - share) * frequency / s.factor + share * frequency;
}
