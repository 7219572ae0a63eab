/**
 * The adjoint of a step in WebAssembly.
 *
 * With s = lᵢ + lₒ and g = lᵢ − lₒ of the adjoint after the collision, S and D the sum and the
 * difference of s over the two diagonals, and r = Σ wᵢ lᵢ, those before it are
 *
 *   lᵢ ← P + Q, lₒ ← P − Q,  P = (½ − ω⁺/2) s + ω⁺ r,  Q = (½ − ω⁻/2) g + c·γ,
 *   γₓ = ω⁺ (jₓ (sₓ + S/4 − 3 r) + j_y D/4) + ω⁻ (gₓ/3 + (g₊ − g₋)/12),
 *
 * with g₊ and g₋ of the rising and the falling diagonal, and γ_y likewise with g₊ + g₋.
 *
 * @module
 */

import { FunctionBuilder, type Local, type V128, v128 } from "../../core/wasm/mod.ts";
import type { Grid } from "./grid.ts";
import { PAIRS } from "./lattice.ts";
import type { Factor } from "./simd_rates.ts";
import { eachPair, type Factors, ownBytes, pullBytes } from "./simd_rows.ts";
import { type Madd, madd } from "./simd_step.ts";

const { addF64: add, subF64: sub, mulF64: mul } = v128;

const NEEDED: readonly Factor[] = [
  ...["even", "restKept", "evenKept", "oddKept", "axisFlow", "diagonalFlow"] as const,
  ...["rest", "axis", "diagonal", "quarter", "pressure"] as const,
];

/** The function of the addresses of three states and a number of rows. */
export function adjointFunction(g: Grid, equal: number, fused: boolean): FunctionBuilder {
  const f = new FunctionBuilder();
  const at = f.parameter("i32");
  const from = f.parameter("i32");
  const to = f.parameter("i32");
  const rows = f.parameter("i32");
  const [pull, own] = [pullBytes(g), ownBytes(g)];
  eachPair(f, g, [at, from, to], rows, equal, NEEDED, (factor, shift) => {
    adjointCollision(f, madd(fused), factor, {
      state: (i) => v128.load(at, pull[i]! + shift),
      get: (i) => v128.load(from, own[i]! + shift),
      put: (i, value) => f.emit(v128.store(to, value, pull[i]! + shift)),
    });
  });
  return f;
}

/** Where the numbers of a cell come from and go. */
interface Access {
  state(i: number): V128;
  get(i: number): V128;
  put(i: number, value: V128): void;
}

function adjointCollision(
  f: FunctionBuilder,
  fma: Madd,
  factor: Factors,
  { state, get, put }: Access,
): void {
  const keep = (value: V128): Local<"v128"> => f.local("v128", value);
  const gaps = PAIRS.map(({ i, o }) => keep(sub(state(i), state(o))));
  const jx = keep(sub(add(gaps[0]!, gaps[2]!), gaps[3]!));
  const jy = keep(add(gaps[1]!, add(gaps[2]!, gaps[3]!)));
  const parts = PAIRS.map(({ i, o }) => {
    const [a, b] = [keep(get(i)), keep(get(o))];
    return { sum: keep(add(a, b)), gap: keep(sub(a, b)) };
  });
  const [east, north, rising, falling] = parts;
  const rest = keep(get(0));
  const both = keep(add(rising!.sum, falling!.sum));
  const axes = fma(factor("axis"), add(east!.sum, north!.sum), mul(factor("rest"), rest));
  const r = keep(fma(factor("diagonal"), both, axes));
  const level = keep(fma(factor("quarter"), both, mul(factor("pressure"), r)));
  const shear = keep(mul(factor("quarter"), sub(rising!.sum, falling!.sum)));
  const pull = (own: V128, j: V128, other: V128, straight: V128, slanted: V128): V128 => {
    const curved = fma(j, add(own, level), mul(other, shear));
    const drift = fma(factor("axisFlow"), straight, mul(factor("diagonalFlow"), slanted));
    return keep(fma(factor("even"), curved, drift));
  };
  const gx = pull(east!.sum, jx, jy, east!.gap, sub(rising!.gap, falling!.gap));
  const gy = pull(north!.sum, jy, jx, north!.gap, add(rising!.gap, falling!.gap));
  const flat = keep(mul(factor("even"), r));
  put(0, fma(factor("restKept"), rest, flat));
  PAIRS.forEach(({ i, o, cx, cy }, k) => {
    const along = cx === 0 ? gy : cy === 0 ? gx : cx > 0 ? add(gy, gx) : sub(gy, gx);
    const p = keep(fma(factor("evenKept"), parts[k]!.sum, flat));
    const q = keep(fma(factor("oddKept"), parts[k]!.gap, along));
    put(i, add(p, q));
    put(o, sub(p, q));
  });
}
