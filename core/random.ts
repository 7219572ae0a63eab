/**
 * Seeded random streams: every random number of the project comes from here.
 *
 * The generator is xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", ACM Transactions on Mathematical Software 47, 2021): period 2¹²⁸ − 1, 32-bit
 * arithmetic only, a state of four words. Streams are named: a child stream depends on the seed
 * and on the labels that lead to it, never on how much its parent was used.
 *
 * @module
 */

import { checkInteger } from "./checks.ts";

/** Four unsigned 32-bit words. */
export type Words = readonly [number, number, number, number];

/**
 * Everything that a stream knows, as a plain record that survives JSON.
 *
 * @example A stream that goes on where another one stood
 * ```ts
 * import type { RandomState, Words } from "@rankflow/rankflow";
 * import { Random } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const one = new Random(7);
 * one.uniform();
 * const state: RandomState = one.state();
 * const key: Words = state.key;
 * assertEquals(Random.from({ ...state, key }).uniform(), one.uniform());
 * ```
 */
export interface RandomState {
  /** Name of the generator; refused where it is another. */
  readonly algorithm: "xoshiro128**";
  /** Identity of the stream, from the seed and the labels; children derive from it. */
  readonly key: Words;
  /** Position of the generator. */
  readonly state: Words;
}

/**
 * A stream of random numbers.
 *
 * @example A resumed stream goes on where it was
 * ```ts
 * import { Random } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const random = new Random(7).fork("weights").fork(0);
 * random.normal();
 * const resumed = Random.from(JSON.parse(JSON.stringify(random.state())));
 * assertEquals(resumed.normal(), random.normal());
 * ```
 */
export class Random {
  #key: Words;
  readonly #words: Int32Array = new Int32Array(4);

  /**
   * Opens the root stream of a seed.
   *
   * @param seed An integer that a double holds exactly, |seed| < 2⁵³.
   * @throws {RangeError} When the seed is not such an integer.
   */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) {
      throw new RangeError(
        `Cannot open a random stream: the seed must be an integer below 2^53 in size, got ${seed}`,
      );
    }
    this.#key = derive([0, 0, 0, 0], seed);
    this.#words.set(this.#key);
  }

  /**
   * Reopens a stream from its record.
   *
   * @throws {TypeError} When the record is not one that {@linkcode Random.state} made.
   */
  static from(record: RandomState): Random {
    checkRecord(record);
    return Random.#open(record.key, record.state);
  }

  /** The record from which {@linkcode Random.from} reopens the stream at this position. */
  state(): RandomState {
    const [a, b, c, d] = Uint32Array.from(this.#words);
    return { algorithm: "xoshiro128**", key: this.#key, state: [a!, b!, c!, d!] };
  }

  /**
   * Opens the child stream of that label. Equal labels give equal children however many numbers
   * were drawn before; the label 1 and the label "1" differ.
   */
  fork(label: string | number): Random {
    const key = derive(this.#key, label);
    return Random.#open(key, key);
  }

  /** The next 32 random bits as an integer in [0, 2³²). */
  bits(): number {
    return this.#next() >>> 0;
  }

  /** A uniform number in [0, 1) with 53 random bits. */
  uniform(): number {
    const high = this.#next() >>> 5;
    const low = this.#next() >>> 6;
    return (high * 67108864 + low) * 2 ** -53;
  }

  /**
   * A uniform integer in [0, n), without bias.
   *
   * @throws {RangeError} When n is not an integer in [1, 2³²].
   */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw new RangeError(
        `Cannot draw an integer below ${n}: the bound must be an integer from 1 to 2^32`,
      );
    }
    const limit = 2 ** 32 - (2 ** 32 % n);
    let x = this.bits();
    while (x >= limit) x = this.bits();
    return x % n;
  }

  /**
   * A standard normal number: the ziggurat of Marsaglia and Tsang (Journal of Statistical Software
   * 5(8), 2000) in Doornik's form ("An improved ziggurat method to generate normal random samples",
   * 2005), which takes layer and abscissa from separate bits.
   */
  normal(): number {
    for (;;) {
      const high = this.#next();
      const low = this.#next();
      const u = ((high >>> 5) * 67108864 + (low >>> 6)) * 2 ** -52 - 1;
      const layer = (high & 31) | ((low & 3) << 5);
      const x = u * EDGES[layer]!;
      if (Math.abs(u) < RATIOS[layer]!) return x;
      if (layer === 0) return this.#tail(u < 0);
      const outer = Math.exp(0.5 * (x * x - EDGES[layer]! ** 2));
      const inner = Math.exp(0.5 * (x * x - EDGES[layer + 1]! ** 2));
      if (inner + this.uniform() * (outer - inner) < 1) return x;
    }
  }

  /** Fills an array with normal numbers of that mean and standard deviation; returns it. */
  fillNormal<T extends Float32Array | Float64Array>(out: T, mean = 0, deviation = 1): T {
    for (let i = 0; i < out.length; i++) out[i] = mean + deviation * this.normal();
    return out;
  }

  /** Fills an array with uniform numbers in [low, high); returns it. */
  fillUniform<T extends Float32Array | Float64Array>(out: T, low = 0, high = 1): T {
    for (let i = 0; i < out.length; i++) out[i] = low + (high - low) * this.uniform();
    return out;
  }

  /** Puts the elements in random order, in place (Fisher-Yates); returns the array. */
  shuffle<T extends { readonly length: number; [i: number]: unknown }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const kept = items[i];
      items[i] = items[j];
      items[j] = kept;
    }
    return items;
  }

  /**
   * A random order of the integers 0 … n − 1.
   *
   * @throws {RangeError} When n is not an integer in [0, 2³²].
   */
  permutation(n: number): Uint32Array {
    checkInteger("put integers in order", "their number", n, { least: 0, most: 2 ** 32 });
    return this.shuffle(Uint32Array.from({ length: n }, (_, i) => i));
  }

  static #open(key: Words, state: Words): Random {
    const random = new Random(0);
    random.#key = key;
    random.#words.set(state);
    return random;
  }

  #next(): number {
    const s = this.#words;
    const s1 = s[1]!;
    const scrambled = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9);
    s[2]! ^= s[0]!;
    s[3]! ^= s1;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= s1 << 9;
    s[3] = rotateLeft(s[3]!, 11);
    return scrambled;
  }

  #tail(negative: boolean): number {
    for (;;) {
      const x = Math.log(1 - this.uniform()) / TAIL;
      const y = Math.log(1 - this.uniform());
      if (-2 * y >= x * x) return negative ? x - TAIL : TAIL - x;
    }
  }
}

/** Where the base layer of the ziggurat ends and its tail begins, for 128 layers. */
const TAIL = 3.442619855899;
/** Area of each layer under exp(−x²/2). */
const AREA = 9.91256303526217e-3;
/** Right edges of the layers, widest first, with a closing 0. */
const EDGES: Float64Array = zigguratEdges();
/** Share of a layer that lies wholly under the curve. */
const RATIOS: Float64Array = EDGES.slice(0, 128).map((edge, i) => EDGES[i + 1]! / edge);

function zigguratEdges(): Float64Array {
  const edges = new Float64Array(129);
  let height = Math.exp(-0.5 * TAIL * TAIL);
  edges[0] = AREA / height;
  edges[1] = TAIL;
  for (let i = 2; i < 128; i++) {
    edges[i] = Math.sqrt(-2 * Math.log(AREA / edges[i - 1]! + height));
    height = Math.exp(-0.5 * edges[i]! ** 2);
  }
  return edges;
}

function rotateLeft(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}

/** Key of the child stream `label` of the stream `key`. */
function derive(key: Words, label: string | number): Words {
  const words = [...key, ...labelWords(label)];
  const child: Words = [hash(words, 1), hash(words, 2), hash(words, 3), hash(words, 4)];
  // The generator would stand still at all zeros.
  return child.some((w) => w !== 0) ? child : [1, 2, 3, 4];
}

/** A label as 32-bit words, led by one that tells strings from numbers and gives the length. */
function labelWords(label: string | number): number[] {
  if (typeof label === "number") {
    return [0x80000000, ...new Uint32Array(Float64Array.of(label + 0).buffer)];
  }
  const bytes = new TextEncoder().encode(label);
  const padded = new Uint8Array(4 * Math.ceil(bytes.length / 4));
  padded.set(bytes);
  return [bytes.length, ...new Uint32Array(padded.buffer)];
}

/** MurmurHash3 (Appleby, x86 32-bit variant) of whole words. */
function hash(words: readonly number[], seed: number): number {
  let h = seed;
  for (const word of words) {
    h ^= Math.imul(rotateLeft(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
    h = (Math.imul(rotateLeft(h, 13), 5) + 0xe6546b64) | 0;
  }
  h ^= 4 * words.length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function checkRecord(record: RandomState): void {
  if (record.algorithm !== "xoshiro128**") {
    throw new TypeError(
      "Cannot reopen a random stream: expected a record of xoshiro128**, " +
        `got ${JSON.stringify(record.algorithm)}`,
    );
  }
  for (const part of ["key", "state"] as const) {
    const words: readonly number[] = record[part];
    const valid = Array.isArray(words) && words.length === 4 &&
      words.every((w) => Number.isInteger(w) && w >= 0 && w < 2 ** 32) && words.some((w) => w > 0);
    if (!valid) {
      throw new TypeError(
        `Cannot reopen a random stream: ${part} must be four unsigned 32-bit words, not all zero`,
      );
    }
  }
}
