/**
 * Products with tall matrices of few columns, row-major float32: what bases are made with.
 *
 * Such a matrix need not be packed: its columns lie side by side, and a block of the other operand
 * stays in the first-level cache. Widths are multiples of 16 bytes.
 *
 * @module
 */

import { FunctionBuilder, type I32, i32, type Local, type V128, v128 } from "../../wasm/mod.ts";
import { each, step, strips } from "./strips.ts";

/** Rows of the result in registers. */
const ROWS = 4;
/** c ± a·b. */
type Accumulate = (a: V128, b: V128, c: V128) => V128;

/** Addresses of `count` rows. */
function rowsFrom(f: FunctionBuilder, first: I32, pitch: I32, count: number): Local<"i32">[] {
  const rows: Local<"i32">[] = [];
  for (let i = 0; i < count; i++) {
    rows.push(f.local("i32", i === 0 ? first : i32.add(rows[i - 1]!, pitch)));
  }
  return rows;
}

/** Adds to a tile of the result that lies in memory what `body` accumulates. */
function tile(
  f: FunctionBuilder,
  rows: readonly Local<"i32">[],
  vectors: number,
  start: "there" | "zero",
  body: (lanes: readonly (readonly Local<"v128">[])[]) => void,
): void {
  const lanes = rows.map((row) =>
    each(
      vectors,
      (w) => f.local("v128", start === "there" ? v128.load(row, 16 * w) : v128.const(0)),
    )
  );
  body(lanes);
  rows.forEach((row, r) => lanes[r]!.forEach((lane, w) => f.emit(v128.store(row, lane, 16 * w))));
}

/**
 * G += XᵀY: parameters g, x, y, rows, pitches of G, X and Y, columns of X, width of Y in bytes. Of
 * the triangular kind only blocks of G that reach to its diagonal or above it are computed.
 */
function transposedProduct(accumulate: Accumulate, triangular: boolean): FunctionBuilder {
  const f = new FunctionBuilder();
  const [g, x, y, rows, pitchG, pitchX, pitchY, columns, width] = each(
    9,
    () => f.parameter("i32"),
  );
  const end = f.local("i32", i32.add(y!, i32.mul(rows!, pitchY!)));
  const i = f.local("i32", i32.const(0));
  for (const count of [ROWS, 1]) {
    f.while(i32.leU(i32.add(i, i32.const(count)), columns!), () => {
      const bytes = f.local("i32", i32.shl(i, i32.const(2)));
      const first = triangular ? i32.and(bytes, i32.const(-16)) : i32.const(0);
      strips(f, first, width!, (at, vectors) => {
        const corner = i32.add(i32.add(g!, i32.mul(i, pitchG!)), at);
        tile(f, rowsFrom(f, corner, pitchG!, count), vectors, "there", (lanes) => {
          const from = f.local("i32", i32.add(y!, at));
          const last = f.local("i32", i32.add(end, at));
          const factors = f.local("i32", i32.add(x!, bytes));
          f.while(i32.ltU(from, last), () => {
            const own = each(vectors, (w) => f.local("v128", v128.load(from, 16 * w)));
            lanes.forEach((row, r) => {
              const factor = f.local("v128", v128.load32Splat(factors, 4 * r));
              row.forEach((lane, w) => f.emit(lane.set(accumulate(factor, own[w]!, lane))));
            });
            step(f, from, pitchY!);
            step(f, factors, pitchX!);
          });
        });
      });
      step(f, i, i32.const(count));
    });
  }
  return f;
}

/**
 * Q = A X with an upper triangle X, or Q −= A X with any: parameters q, a, x, rows, columns of A,
 * pitches of Q, A and X, width of X in bytes.
 */
function product(accumulate: Accumulate, kind: "upper" | "taken"): FunctionBuilder {
  const f = new FunctionBuilder();
  const [q, a, x, rows, inner, pitchQ, pitchA, pitchX, width] = each(
    9,
    () => f.parameter("i32"),
  );
  const i = f.local("i32", i32.const(0));
  const innerBytes = f.local("i32", i32.shl(inner!, i32.const(2)));
  for (const count of [ROWS, 1]) {
    f.while(i32.leU(i32.add(i, i32.const(count)), rows!), () => {
      strips(f, i32.const(0), width!, (at, vectors) => {
        const corner = i32.add(i32.add(q!, i32.mul(i, pitchQ!)), at);
        const start = kind === "upper" ? "zero" : "there";
        tile(f, rowsFrom(f, corner, pitchQ!, count), vectors, start, (lanes) => {
          const factors = rowsFrom(f, i32.add(a!, i32.mul(i, pitchA!)), pitchA!, count);
          // Below the strip's last column an upper triangle is zero.
          const last = f.local("i32", innerBytes);
          if (kind === "upper") {
            const below = i32.add(at, i32.const(16 * vectors));
            f.if(i32.ltU(below, last), () => f.emit(last.set(below)));
          }
          const end = f.local("i32", i32.add(factors[0]!, last));
          const from = f.local("i32", i32.add(x!, at));
          f.while(i32.ltU(factors[0]!, end), () => {
            const own = each(vectors, (w) => f.local("v128", v128.load(from, 16 * w)));
            lanes.forEach((row, r) => {
              const factor = f.local("v128", v128.load32Splat(factors[r]!));
              row.forEach((lane, w) => f.emit(lane.set(accumulate(factor, own[w]!, lane))));
            });
            step(f, from, pitchX!);
            for (const pointer of factors) step(f, pointer, i32.const(4));
          });
        });
      });
      step(f, i, i32.const(count));
    });
  }
  return f;
}

/**
 * Every kernel of this file by its exported name.
 *
 * @param fused Whether to use the fused multiply-add of relaxed SIMD.
 */
export function tallKernels(fused: boolean): Record<string, FunctionBuilder> {
  const plus: Accumulate = fused ? v128.relaxedMadd : (a, b, c) => v128.add(c, v128.mul(a, b));
  const minus: Accumulate = fused ? v128.relaxedNmadd : (a, b, c) => v128.sub(c, v128.mul(a, b));
  return {
    add_gram: transposedProduct(plus, true),
    add_cross: transposedProduct(plus, false),
    times_upper: product(plus, "upper"),
    take_product: product(minus, "taken"),
  };
}
