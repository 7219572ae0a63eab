/**
 * A step in WebAssembly.
 *
 * With s = hᵢ + hₒ and d = hᵢ − hₒ before the collision, both directions of a pair follow from
 *
 *   P = (½ − ω⁺/2) s + ω⁺ w (ρ − 1.5 j²) + 4.5 ω⁺ w (c·j)²,  Q = (½ − ω⁻/2) d + 3 ω⁻ w c·j
 *
 * as hᵢ ← P + Q and hₒ ← P − Q. Sums and differences are all that is kept of the gathered numbers.
 *
 * @module
 */

import { FunctionBuilder, type Local, type V128, v128 } from "../../core/wasm/mod.ts";
import type { Grid } from "./grid.ts";
import { PAIRS } from "./lattice.ts";
import type { Factor } from "./simd_rates.ts";
import { eachPair, type Factors, ownBytes, pullBytes } from "./simd_rows.ts";

const { addF64: add, subF64: sub, mulF64: mul } = v128;

/** a·b + c. */
export type Madd = (a: V128, b: V128, c: V128) => V128;

/** a·b + c, fused where the machine can. */
export const madd = (fused: boolean): Madd =>
  fused ? v128.relaxedMaddF64 : (a, b, c) => add(mul(a, b), c);

const NEEDED: readonly Factor[] = [
  ...["restKept", "evenKept", "oddKept", "restPressure", "axisPressure"] as const,
  ...["diagonalPressure", "axisSquare", "diagonalSquare", "axisFlow"] as const,
  ...["diagonalFlow", "kinetic"] as const,
];

/** The function of the addresses of two states and a number of rows. */
export function stepFunction(g: Grid, equal: number, fused: boolean): FunctionBuilder {
  const f = new FunctionBuilder();
  const from = f.parameter("i32");
  const to = f.parameter("i32");
  const rows = f.parameter("i32");
  const [pull, own] = [pullBytes(g), ownBytes(g)];
  eachPair(f, g, [from, to], rows, equal, NEEDED, (factor, shift) => {
    collision(f, madd(fused), factor, {
      get: (i) => v128.load(from, pull[i]! + shift),
      put: (i, value) => f.emit(v128.store(to, value, own[i]! + shift)),
    });
  });
  return f;
}

/** Where the nine numbers of a cell come from and go. */
interface Access {
  get(i: number): V128;
  put(i: number, value: V128): void;
}

function collision(f: FunctionBuilder, fma: Madd, factor: Factors, { get, put }: Access): void {
  const keep = (value: V128): Local<"v128"> => f.local("v128", value);
  const parts = PAIRS.map(({ i, o }) => {
    const [a, b] = [keep(get(i)), keep(get(o))];
    return { sum: keep(add(a, b)), gap: keep(sub(a, b)) };
  });
  const [east, north, northEast, northWest] = parts.map((p) => p.gap);
  const rest = keep(get(0));
  const rho = parts.reduce<V128>((total, { sum }) => add(total, sum), rest);
  const jx = keep(sub(add(east!, northEast!), northWest!));
  const jy = keep(add(north!, add(northEast!, northWest!)));
  const squares = [keep(mul(jx, jx)), keep(mul(jy, jy))];
  const base = keep(fma(factor("kinetic"), add(squares[0]!, squares[1]!), rho));
  put(0, fma(factor("restKept"), rest, mul(factor("restPressure"), base)));
  const axis = keep(mul(factor("axisPressure"), base));
  const diagonal = keep(mul(factor("diagonalPressure"), base));
  PAIRS.forEach(({ i, o, cx, cy }, k) => {
    const slanted = cx !== 0 && cy !== 0;
    const flow = slanted ? keep(cx > 0 ? add(jy, jx) : sub(jy, jx)) : cx !== 0 ? jx : jy;
    const square = slanted ? mul(flow, flow) : squares[k]!;
    const bent = slanted
      ? fma(factor("diagonalSquare"), square, diagonal)
      : fma(factor("axisSquare"), square, axis);
    const { sum, gap } = parts[k]!;
    const p = keep(fma(factor("evenKept"), sum, bent));
    const carried = mul(factor(slanted ? "diagonalFlow" : "axisFlow"), flow);
    const q = keep(fma(factor("oddKept"), gap, carried));
    put(i, add(p, q));
    put(o, sub(p, q));
  });
}
