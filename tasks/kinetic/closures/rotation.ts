/**
 * Rotations of moments about the z axis, and of the multipliers that belong to them.
 *
 * With m(RΩ) = T m(Ω), the f that is turned by R has the moments T u and the multipliers T⁻ᵀ α. Of
 * harmonics T is orthogonal; of monomials it is not.
 *
 * @module
 */

import type { MomentSystem } from "./system.ts";

/** A rotation as it acts on what follows m₀. */
export interface Turned {
  /** T u. */
  turn(u: ArrayLike<number>): Float64Array;
  /** T⁻ᵀ α. */
  turnDual(alpha: ArrayLike<number>): Float64Array;
  /** Tᵀ α: what undoes {@linkcode Turned.turnDual}. */
  undoDual(alpha: ArrayLike<number>): Float64Array;
}

/** Blocks of T by degree, 1 … N, row after row. */
type Blocks = readonly Float64Array[];

/** The rotation by an angle; in a slab those with a negative cosine reverse the axis. */
export function rotation(system: MomentSystem, angle: number): Turned {
  return turnedBy(system, Math.cos(angle), Math.sin(angle));
}

function turnedBy(system: MomentSystem, c: number, s: number): Turned {
  const forth = blocksOf(system, c, s);
  const back = blocksOf(system, c, -s);
  return {
    turn: (u) => applied(forth, u, false),
    turnDual: (alpha) => applied(back, alpha, true),
    undoDual: (alpha) => applied(forth, alpha, true),
  };
}

/** The rotation that brings the first moment of ū onto +x, or onto −x. */
export function alignment(
  system: MomentSystem,
): (ratios: ArrayLike<number>, reversed: boolean) => Turned {
  const [atX, atY] = firstMoments(system);
  return (ratios, reversed) => {
    const x = ratios[atX]!;
    const y = system.dimension === 1 ? 0 : ratios[atY]!;
    const length = Math.hypot(x, y);
    const [c, s] = length === 0 ? [1, 0] : [x / length, -y / length];
    return reversed ? turnedBy(system, -c, -s) : turnedBy(system, c, s);
  };
}

function blocksOf(system: MomentSystem, c: number, s: number): Blocks {
  const blocks = emptyBlocks(system);
  fillBlocks(system, blocks, c, s);
  return blocks;
}

function emptyBlocks({ dimension, degree }: MomentSystem): Blocks {
  return Array.from(
    { length: degree },
    (_, k) => new Float64Array(dimension === 1 ? 1 : (k + 2) ** 2),
  );
}

/** The block of degree 0. */
const ONE = Float64Array.of(1);

/** Sets blocks to those of a rotation by its cosine and sine, without memory of its own. */
function fillBlocks(
  { dimension, functions }: MomentSystem,
  blocks: Blocks,
  c: number,
  s: number,
): void {
  for (let d = 1; d <= blocks.length; d++) {
    const block = blocks[d - 1]!;
    const before = d === 1 ? ONE : blocks[d - 2]!;
    if (dimension === 1) block[0] = c * before[0]!;
    else if (functions === "harmonics") fillHarmonic(block, d, c, s);
    else fillMonomial(block, before, d, c, s);
  }
}

/**
 * (c x − s y)^(d−a) (s x + c y)^a by powers of y, a row for each a: rows of degree d − 1, all times
 * c x − s y, and the last one once more times s x + c y.
 */
function fillMonomial(into: Float64Array, before: Float64Array, d: number, c: number, s: number) {
  for (let a = 0; a <= d; a++) {
    const row = Math.min(a, d - 1);
    const p = a < d ? c : s;
    const q = a < d ? -s : c;
    for (let k = 0; k <= d; k++) {
      const here = k < d ? before[row * d + k]! : 0;
      const lower = k > 0 ? before[row * d + k - 1]! : 0;
      into[a * (d + 1) + k] = p * here + q * lower;
    }
  }
}

/** Orders −d, −d + 2 … d: sin of |k| angles before, cos of k angles after. */
function fillHarmonic(block: Float64Array, d: number, c: number, s: number): void {
  const size = d + 1;
  block.fill(0);
  for (let i = 0; i < size; i++) {
    const k = 2 * i - d;
    let [cosine, sine] = [1, 0];
    for (let m = 0; m < Math.abs(k); m++) {
      [cosine, sine] = [cosine * c - sine * s, cosine * s + sine * c];
    }
    block[i * size + i] = cosine;
    // sin k(φ + θ) = sin kφ cos kθ + cos kφ sin kθ, and likewise the cosine.
    if (k !== 0) block[i * size + (d - i)] = k > 0 ? -sine : sine;
  }
}

function applied(blocks: Blocks, x: ArrayLike<number>, transposed: boolean): Float64Array {
  const result = new Float64Array(x.length);
  let from = 0;
  for (const block of blocks) {
    const size = Math.sqrt(block.length);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        const entry = block[transposed ? j * size + i : i * size + j]!;
        result[from + i]! += entry * x[from + j]!;
      }
    }
    from += size;
  }
  return result;
}

/** Turns rows of moments onto the axis one after the other, without memory for each. */
export class Turner {
  /** By function but the first, what the rotation by π multiplies it by. */
  readonly parity: Float64Array;
  readonly #system: MomentSystem;
  /** Where the first moments along x and y are in a row. */
  readonly #places: readonly [x: number, y: number];
  readonly #blocks: Blocks;
  readonly #scratch: Float64Array;

  /** Makes one for a system. */
  constructor(system: MomentSystem) {
    this.#system = system;
    this.parity = Float64Array.from(system.degrees.subarray(1), (d) => d % 2 === 0 ? 1 : -1);
    this.#places = firstMoments(system);
    this.#blocks = emptyBlocks(system);
    this.#scratch = new Float64Array(system.count - 1);
  }

  /** Chooses the rotation that brings the first moment of a row onto +x. */
  align(rows: Float64Array, from: number): void {
    const x = rows[from + this.#places[0]]!;
    const y = this.#system.dimension === 1 ? 0 : rows[from + this.#places[1]]!;
    const length = Math.sqrt(x * x + y * y);
    if (length === 0) fillBlocks(this.#system, this.#blocks, 1, 0);
    else fillBlocks(this.#system, this.#blocks, x / length, -y / length);
  }

  /** T u of a row into the same place of another array. */
  turn(rows: Float64Array, from: number, into: Float64Array): void {
    this.#apply(rows, from, into, from, false);
  }

  /** Tᵀ α of a row in its place. */
  undoDual(rows: Float64Array, from: number): void {
    this.#apply(rows, from, this.#scratch, 0, true);
    rows.set(this.#scratch, from);
  }

  #apply(x: Float64Array, from: number, into: Float64Array, to: number, transposed: boolean): void {
    let done = 0;
    for (let b = 0; b < this.#blocks.length; b++) {
      const block = this.#blocks[b]!;
      const size = this.#system.dimension === 1 ? 1 : b + 2;
      const along = transposed ? 1 : size;
      const across = transposed ? size : 1;
      for (let i = 0; i < size; i++) {
        let sum = 0;
        for (let j = 0; j < size; j++) sum += block[i * along + j * across]! * x[from + done + j]!;
        into[to + done + i] = sum;
      }
      done += size;
    }
  }
}

/** Where ū has the first moments along x and y; in a slab there is but the first. */
function firstMoments({ dimension, functions }: MomentSystem): readonly [x: number, y: number] {
  return dimension === 2 && functions === "harmonics" ? [1, 0] : [0, 1];
}
