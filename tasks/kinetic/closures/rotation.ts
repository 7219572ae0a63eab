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
