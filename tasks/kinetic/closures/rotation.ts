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
  const harmonic = system.functions === "harmonics" && system.dimension === 2;
  return (ratios, reversed) => {
    const [x, y] = system.dimension === 1
      ? [ratios[0]!, 0]
      : harmonic
      ? [ratios[1]!, ratios[0]!]
      : [ratios[0]!, ratios[1]!];
    const length = Math.hypot(x, y);
    const [c, s] = length === 0 ? [1, 0] : [x / length, -y / length];
    return reversed ? turnedBy(system, -c, -s) : turnedBy(system, c, s);
  };
}

function blocksOf(system: MomentSystem, c: number, s: number): Blocks {
  const { dimension, degree, functions } = system;
  return Array.from({ length: degree }, (_, k) => {
    const d = k + 1;
    if (dimension === 1) return Float64Array.of(c ** d);
    return functions === "monomials" ? monomialBlock(d, c, s) : harmonicBlock(d, c, s);
  });
}

/** (c x − s y)^(d−a) (s x + c y)^a by powers of y, a row for each a. */
function monomialBlock(d: number, c: number, s: number): Float64Array {
  const block = new Float64Array((d + 1) ** 2);
  for (let a = 0; a <= d; a++) {
    let row = [1];
    for (let k = 0; k < d - a; k++) row = times(row, c, -s);
    for (let k = 0; k < a; k++) row = times(row, s, c);
    block.set(row, a * (d + 1));
  }
  return block;
}

/** (p + q y) times a polynomial in y. */
function times(polynomial: readonly number[], p: number, q: number): number[] {
  return [...polynomial, 0].map((value, k) => p * value + q * (k === 0 ? 0 : polynomial[k - 1]!));
}

/** Orders −d, −d + 2 … d: sin of |k| angles before, cos of k angles after. */
function harmonicBlock(d: number, c: number, s: number): Float64Array {
  const size = d + 1;
  const block = new Float64Array(size * size);
  const angle = Math.atan2(s, c);
  for (let i = 0; i < size; i++) {
    const k = 2 * i - d;
    block[i * size + i] = Math.cos(k * angle);
    // sin k(φ + θ) = sin kφ cos kθ + cos kφ sin kθ, and likewise the cosine.
    if (k !== 0) block[i * size + (d - i)] = -Math.sin(k * angle);
  }
  return block;
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
  readonly #place: (ratios: Float64Array, from: number) => readonly [x: number, y: number];
  /** Blocks of T by degree. */
  readonly #blocks: readonly Float64Array[];
  readonly #scratch: Float64Array;

  /** Makes one for a system. */
  constructor(system: MomentSystem) {
    const { dimension, degree, degrees, functions } = system;
    this.#system = system;
    this.parity = Float64Array.from(degrees.subarray(1), (d) => d % 2 === 0 ? 1 : -1);
    const [atX, atY] = functions === "harmonics" ? [1, 0] : [0, 1];
    this.#place = dimension === 1
      ? (u, at) => [u[at]!, 0]
      : (u, at) => [u[at + atX]!, u[at + atY]!];
    this.#blocks = Array.from(
      { length: degree },
      (_, k) => new Float64Array(dimension === 1 ? 1 : (k + 2) ** 2),
    );
    this.#scratch = new Float64Array(system.count - 1);
  }

  /** Chooses the rotation that brings the first moment of a row onto +x. */
  align(rows: Float64Array, from: number): void {
    const [x, y] = this.#place(rows, from);
    const length = Math.hypot(x, y);
    const [c, s] = length === 0 ? [1, 0] : [x / length, -y / length];
    this.#setBlocks(c, s);
  }

  /** T u of a row into the same place of another array. */
  turn(rows: Float64Array, from: number, into: Float64Array): void {
    this.#apply(rows, from, into, false);
  }

  /** Tᵀ α of a row in its place. */
  undoDual(rows: Float64Array, from: number): void {
    this.#apply(rows, from, this.#scratch, true);
    rows.set(this.#scratch, from);
  }

  #apply(rows: Float64Array, from: number, into: Float64Array, transposed: boolean): void {
    const start = into === this.#scratch ? 0 : from;
    let done = 0;
    for (let b = 0; b < this.#blocks.length; b++) {
      const block = this.#blocks[b]!;
      const size = this.#system.dimension === 1 ? 1 : b + 2;
      for (let i = 0; i < size; i++) {
        let sum = 0;
        for (let j = 0; j < size; j++) {
          sum += block[transposed ? j * size + i : i * size + j]! * rows[from + done + j]!;
        }
        into[start + done + i] = sum;
      }
      done += size;
    }
  }

  #setBlocks(c: number, s: number): void {
    const { dimension, functions } = this.#system;
    for (let b = 0; b < this.#blocks.length; b++) {
      const block = this.#blocks[b]!;
      if (dimension === 1) block[0] = c ** (b + 1);
      else if (functions === "harmonics") block.set(harmonicBlock(b + 1, c, s));
      else if (b === 0) block.set(FIRST(c, s));
      else multiplied(block, this.#blocks[b - 1]!, b + 1, c, s);
    }
  }
}

const FIRST = (c: number, s: number): [number, number, number, number] => [c, -s, s, c];

/** Rows of degree d from those of degree d − 1: all but the last times c x − s y, that by s x + c y. */
function multiplied(into: Float64Array, before: Float64Array, d: number, c: number, s: number) {
  for (let a = 0; a <= d; a++) {
    const [p, q, row] = a < d ? [c, -s, a] : [s, c, d - 1];
    for (let k = 0; k <= d; k++) {
      const [here, lower] = [
        k < d ? before[row * d + k]! : 0,
        k > 0 ? before[row * d + k - 1]! : 0,
      ];
      into[a * (d + 1) + k] = p * here + q * lower;
    }
  }
}
