/**
 * Cholesky's factorisation and the inverse of a triangle, row-major float32. Extents are multiples of
 * four, and rows have no gaps between them.
 *
 * Four rows at a time stay in registers while what is done already is taken out of them.
 *
 * @module
 */

import { FunctionBuilder, type I32, i32, type Local, type V128, v128 } from "../../wasm/mod.ts";
import { each, step, strips } from "./strips.ts";

/** Rows in registers. */
const ROWS = 4;
/** c − a·b. */
type Minus = (a: V128, b: V128, c: V128) => V128;

const parameters = (f: FunctionBuilder, count: number): I32[] =>
  Array.from({ length: count }, () => f.parameter("i32"));

/** Four rows of a strip as vectors, row after row. */
function loadRows(f: FunctionBuilder, row: I32, pitch: I32, vectors: number): Local<"v128">[] {
  const at = f.local("i32", row);
  return each(ROWS, () => {
    const lanes = each(vectors, (w) => f.local("v128", v128.load(at, 16 * w)));
    step(f, at, pitch);
    return lanes;
  }).flat();
}

function storeRows(f: FunctionBuilder, row: I32, pitch: I32, lanes: readonly V128[]): void {
  const at = f.local("i32", row);
  const vectors = lanes.length / ROWS;
  for (const [i, x] of lanes.entries()) {
    f.emit(v128.store(at, x, 16 * (i % vectors)));
    if (i % vectors === vectors - 1) step(f, at, pitch);
  }
}

/** lanes of row i −= factor × other, where factors are numbers at `at + offset(i)`. */
function takeOut(
  f: FunctionBuilder,
  minus: Minus,
  lanes: readonly Local<"v128">[],
  other: readonly V128[],
  factor: (i: number) => V128,
): void {
  const vectors = lanes.length / ROWS;
  for (let i = 0; i < ROWS; i++) {
    const own = f.local("v128", factor(i));
    other.forEach((x, w) => {
      const lane = lanes[i * vectors + w]!;
      f.emit(lane.set(minus(own, x, lane)));
    });
  }
}

/**
 * Overwrites the upper triangle of a Gram matrix with R, G = RᵀR; what is below it is left over.
 * Pivots that are not positive lead to NaN. Parameters a, n, pitch in bytes.
 */
function cholesky(minus: Minus): FunctionBuilder {
  const f = new FunctionBuilder();
  const [a, n, pitch] = parameters(f, 3) as [I32, I32, I32];
  const i = f.local("i32", i32.const(0));
  const block = f.local("i32", a);
  f.while(i32.ltU(i, n), () => {
    const diagonal = f.local("i32", i32.shl(i, i32.const(2)));
    strips(f, diagonal, pitch, (at, vectors) => {
      const corner = f.local("i32", i32.add(block, at));
      const lanes = loadRows(f, corner, pitch, vectors);
      const above = f.local("i32", a);
      f.while(i32.ltU(above, block), () => {
        const from = f.local("i32", i32.add(above, at));
        const other = each(vectors, (w) => f.local("v128", v128.load(from, 16 * w)));
        const factors = f.local("i32", i32.add(above, diagonal));
        takeOut(f, minus, lanes, other, (r) => v128.load32Splat(factors, 4 * r));
        step(f, above, pitch);
      });
      storeRows(f, corner, pitch, lanes);
    });
    finishRows(f, minus, i32.add(block, diagonal), i32.sub(pitch, diagonal), pitch);
    step(f, i, i32.const(ROWS));
    step(f, block, i32.mul(pitch, i32.const(ROWS)));
  });
  return f;
}

/** The four rows of a diagonal block, of which all before them is taken out. */
function finishRows(f: FunctionBuilder, minus: Minus, corner: I32, width: I32, pitch: I32): void {
  const first = f.local("i32", corner);
  const one = v128.const(1);
  const entry = each(ROWS * ROWS, () => f.local("v128"));
  const at = f.local("i32", first);
  for (let r = 0; r < ROWS; r++) {
    for (let c = r; c < ROWS; c++) f.emit(entry[r * ROWS + c]!.set(v128.load32Splat(at, 4 * c)));
    step(f, at, pitch);
  }
  // The factor of the block itself; its diagonal is inverted.
  for (let r = 0; r < ROWS; r++) {
    const pivot = entry[r * ROWS + r]!;
    f.emit(pivot.set(v128.div(one, v128.sqrt(pivot))));
    for (let c = r + 1; c < ROWS; c++) {
      const own = entry[r * ROWS + c]!;
      f.emit(own.set(v128.mul(own, pivot)));
    }
    for (let i = r + 1; i < ROWS; i++) {
      for (let c = i; c < ROWS; c++) {
        const [x, y] = [entry[r * ROWS + i]!, entry[r * ROWS + c]!];
        f.emit(entry[i * ROWS + c]!.set(minus(x, y, entry[i * ROWS + c]!)));
      }
    }
  }
  strips(f, i32.const(0), width, (offset, vectors) => {
    const start = f.local("i32", i32.add(first, offset));
    const lanes = loadRows(f, start, pitch, vectors);
    for (let r = 0; r < ROWS; r++) {
      for (let w = 0; w < vectors; w++) {
        const lane = lanes[r * vectors + w]!;
        f.emit(lane.set(v128.mul(lane, entry[r * ROWS + r]!)));
        for (let i = r + 1; i < ROWS; i++) {
          const other = lanes[i * vectors + w]!;
          f.emit(other.set(minus(entry[r * ROWS + i]!, lane, other)));
        }
      }
    }
    storeRows(f, start, pitch, lanes);
  });
}

/**
 * Overwrites the identity with the inverse of an upper triangle, of which only that is read.
 * Parameters x, r, n, pitch in bytes.
 */
function invertUpper(minus: Minus): FunctionBuilder {
  const f = new FunctionBuilder();
  const [x, r, n, pitch] = parameters(f, 4) as [I32, I32, I32, I32];
  const left = f.local("i32", n);
  const blockBytes = f.local("i32", i32.mul(pitch, i32.const(ROWS)));
  const size = f.local("i32", i32.mul(pitch, n));
  const [own, rows] = [f.local("i32", i32.add(x, size)), f.local("i32", i32.add(r, size))];
  f.while(i32.ltU(i32.const(0), left), () => {
    f.emit(left.set(i32.sub(left, i32.const(ROWS))));
    f.emit(own.set(i32.sub(own, blockBytes)), rows.set(i32.sub(rows, blockBytes)));
    const diagonal = f.local("i32", i32.shl(left, i32.const(2)));
    strips(f, diagonal, pitch, (at, vectors) => {
      const corner = f.local("i32", i32.add(own, at));
      const lanes = loadRows(f, corner, pitch, vectors);
      const below = f.local("i32", i32.add(corner, blockBytes));
      const column = f.local("i32", i32.add(i32.add(rows, diagonal), i32.const(4 * ROWS)));
      // Rows below the strip's last column are zero there.
      const end = f.local("i32", i32.add(i32.add(rows, at), i32.const(16 * vectors)));
      f.while(i32.ltU(column, end), () => {
        const other = each(vectors, (w) => f.local("v128", v128.load(below, 16 * w)));
        const factors = f.local("i32", column);
        takeOut(f, minus, lanes, other, () => {
          const factor = f.local("v128", v128.load32Splat(factors));
          step(f, factors, pitch);
          return factor;
        });
        step(f, column, i32.const(4));
        step(f, below, pitch);
      });
      solveBlock(f, minus, lanes, i32.add(rows, diagonal), pitch);
      storeRows(f, corner, pitch, lanes);
    });
  });
  return f;
}

/** Lanes of four rows times the inverse of a diagonal block, from the left. */
function solveBlock(
  f: FunctionBuilder,
  minus: Minus,
  lanes: readonly Local<"v128">[],
  corner: I32,
  pitch: I32,
): void {
  const vectors = lanes.length / ROWS;
  const at = f.local("i32", i32.add(corner, i32.mul(pitch, i32.const(ROWS))));
  for (let r = ROWS - 1; r >= 0; r--) {
    f.emit(at.set(i32.sub(at, pitch)));
    const pivot = f.local("v128", v128.div(v128.const(1), v128.load32Splat(at, 4 * r)));
    for (let w = 0; w < vectors; w++) {
      const lane = lanes[r * vectors + w]!;
      for (let c = r + 1; c < ROWS; c++) {
        f.emit(lane.set(minus(v128.load32Splat(at, 4 * c), lanes[c * vectors + w]!, lane)));
      }
      f.emit(lane.set(v128.mul(lane, pivot)));
    }
  }
}

/**
 * Every kernel of this file by its exported name.
 *
 * @param fused Whether to use the fused multiply-add of relaxed SIMD.
 */
export function triangleKernels(fused: boolean): Record<string, FunctionBuilder> {
  const minus: Minus = fused ? v128.relaxedNmadd : (a, b, c) => v128.sub(c, v128.mul(a, b));
  return { cholesky: cholesky(minus), invert_upper: invertUpper(minus) };
}
