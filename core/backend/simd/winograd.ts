/**
 * Transforms of Winograd's convolution F(4×4, 3×3), in the layout height × width × channels.
 *
 * A 3×3 convolution of a tile of 6×6 pixels gives 4×4 pixels with 36 products in place of 144. In one
 * dimension y = Aᵀ((G g) ∘ (Bᵀ d)) with the points 0, ±√½, ±√2 and ∞ (A. Lavin and S. Gray, Fast
 * algorithms for convolutional neural networks, CVPR 2016): with these points the error in float32
 * is about half of that with the paper's 0, ±1, ±2. The gradient in the kernel is
 * Gᵀ((A d) ∘ (Bᵀ x)), so that the same three matrices serve it.
 *
 * @module
 */

import { FunctionBuilder, type I32, i32, type Local, type V128, v128 } from "../../wasm/mod.ts";
import { sweep } from "./elementwise.ts";
import { type Access, SINGLES, VECTORS } from "./lanes.ts";

/** Pixels of an input tile along an axis. */
export const TILE_IN = 6;
/** Pixels of an output tile along an axis. */
export const TILE_OUT = 4;
/** Products of a tile: planes of transformed data. */
export const PLANES: number = TILE_IN * TILE_IN;

const A = Math.SQRT1_2;
const B = Math.SQRT2;

type Lanes = Local<"v128">;
/** a·x + c with a constant a. */
type MultiplyAdd = (a: number, x: V128, c: V128) => V128;

/** One-dimensional transforms, written on lanes. */
class Transforms {
  readonly #f: FunctionBuilder;
  readonly #madd: MultiplyAdd;

  constructor(f: FunctionBuilder, fused: boolean) {
    this.#f = f;
    this.#madd = fused
      ? (a, x, c) => v128.relaxedMadd(f.constant(a), x, c)
      : (a, x, c) => v128.add(v128.mul(f.constant(a), x), c);
  }

  #keep(value: V128): Lanes {
    return this.#f.local("v128", value);
  }

  /** Sum and difference of e and a·o. */
  #pair(e: V128, a: number, o: V128): [V128, V128] {
    const [even, odd] = [this.#keep(e), this.#keep(o)];
    return [this.#madd(a, odd, even), this.#madd(-a, odd, even)];
  }

  /** Bᵀ d: six to six. */
  input(d: readonly V128[]): V128[] {
    const [d0, d1, d2, d3, d4, d5] = d as Six;
    const madd = this.#madd;
    return [
      madd(-2.5, d2, v128.add(d0, d4)),
      ...this.#pair(madd(-2, d2, d4), A, madd(-2, d1, d3)),
      ...this.#pair(madd(-0.5, d2, d4), B, madd(-0.5, d1, d3)),
      madd(-2.5, d3, v128.add(d1, d5)),
    ];
  }

  /** Aᵀ m: six to four. */
  output(m: readonly V128[]): V128[] {
    const [m0, m1, m2, m3, m4, m5] = m as Six;
    const madd = this.#madd;
    const [s, d] = [this.#keep(v128.add(m1, m2)), this.#keep(v128.sub(m1, m2))];
    const [t, e] = [this.#keep(v128.add(m3, m4)), this.#keep(v128.sub(m3, m4))];
    return [
      v128.add(m0, v128.add(s, t)),
      madd(B, e, v128.mul(this.#f.constant(A), d)),
      madd(2, t, v128.mul(this.#f.constant(0.5), s)),
      madd(B * B * B, e, madd(A * A * A, d, m5)),
    ];
  }

  /** A d: four to six. */
  gradient(d: readonly V128[]): V128[] {
    const [d0, d1, d2, d3] = d as Four;
    const madd = this.#madd;
    return [
      d0,
      ...this.#pair(madd(0.5, d2, d0), A, madd(0.5, d3, d1)),
      ...this.#pair(madd(2, d2, d0), B, madd(2, d3, d1)),
      d3,
    ];
  }

  /** G g: three to six. */
  filter(g: readonly V128[]): V128[] {
    const [g0, g1, g2] = g as Three;
    const madd = this.#madd;
    const scaled = (a: number, x: V128) => v128.mul(this.#f.constant(a), x);
    return [
      g0,
      ...this.#pair(scaled(-2 / 3, madd(0.5, g2, g0)), -2 / 3 * A, g1),
      ...this.#pair(scaled(1 / 6, madd(2, g2, g0)), B / 6, g1),
      g2,
    ];
  }

  /** Gᵀ m: six to three. */
  filterGradient(m: readonly V128[]): V128[] {
    const [m0, m1, m2, m3, m4, m5] = m as Six;
    const madd = this.#madd;
    const [s, d] = [this.#keep(v128.add(m1, m2)), v128.sub(m1, m2)];
    const [t, e] = [this.#keep(v128.add(m3, m4)), v128.sub(m3, m4)];
    return [
      madd(1 / 6, t, madd(-2 / 3, s, m0)),
      madd(B / 6, e, v128.mul(this.#f.constant(-2 / 3 * A), d)),
      madd(1 / 3, t, madd(-1 / 3, s, m5)),
    ];
  }
}

type Six = readonly [Lanes, Lanes, Lanes, Lanes, Lanes, Lanes];
type Four = readonly [Lanes, Lanes, Lanes, Lanes];
type Three = readonly [Lanes, Lanes, Lanes];

/** A transform in one dimension. */
type Along = (values: readonly V128[]) => V128[];

/** Runs `body` for the bytes of a row, by vectors and then by single lanes. */
function eachVector(
  f: FunctionBuilder,
  count: I32,
  body: (at: I32, access: Access) => void,
): void {
  const bytes = f.local("i32", i32.shl(count, i32.const(2)));
  sweep(f, bytes, (at) => body(at, VECTORS), (at) => body(at, SINGLES), 1);
}

/** Keeps values in locals. */
function kept(f: FunctionBuilder, values: readonly V128[]): Lanes[] {
  return values.map((value) => f.local("v128", value));
}

/** The k-th multiples of a stride, k = 0 … n−1, as locals. */
function multiples(f: FunctionBuilder, stride: I32, n: number): I32[] {
  return Array.from({ length: n }, (_, k) => f.local("i32", i32.mul(stride, i32.const(k))));
}

/** Applies a transform to the columns and then to the rows of a matrix of lanes. */
function both(
  f: FunctionBuilder,
  columns: readonly (readonly V128[])[],
  along: Along,
  row: (i: number, values: readonly V128[]) => void,
): void {
  const transformed = columns.map((column) => kept(f, along(column)));
  const rows = transformed[0]!.length;
  for (let i = 0; i < rows; i++) row(i, along(transformed.map((column) => column[i]!)));
}

/** Walks planes that lie a stride apart. */
function storePlanes(
  f: FunctionBuilder,
  to: I32,
  plane: I32,
  access: Access,
): (value: V128) => void {
  const target = f.local("i32", to);
  return (value) => {
    f.emit(access.store(target, value));
    f.emit(target.set(i32.add(target, plane)));
  };
}

/** Pixels of a tile that lie inside the image, and a mask for each row. */
interface Inside {
  readonly masks: readonly V128[];
  column(j: number): I32;
}

/** All ones where `from` ≤ i < `end`. */
function rowMask(f: FunctionBuilder, i: number, from: I32, end: I32): V128 {
  const inside = i32.ltU(i32.sub(i32.const(i), from), i32.sub(end, from));
  return f.local("v128", v128.splatI32(i32.sub(i32.const(0), inside)));
}

/**
 * Pixels of one column of a tile; those outside the image are zero. Loads of rows outside go to
 * the nearest row inside, so that no address is out of bounds.
 */
function loadColumns(
  f: FunctionBuilder,
  rows: readonly I32[],
  columns: readonly I32[],
  access: Access,
  inside: Inside | undefined,
): Lanes[][] {
  return columns.map((column, j) => {
    const values = rows.map(() => f.local("v128"));
    const load = () =>
      rows.forEach((row, i) => {
        const value = access.load(i32.add(row, column));
        f.emit(values[i]!.set(inside ? v128.and(value, inside.masks[i]!) : value));
      });
    if (!inside) load();
    else f.if(inside.column(j), load, () => values.forEach((v) => f.emit(v.set(v128.const(0)))));
    return values;
  });
}

/**
 * A tile of images to planes: parameters to, plane (bytes between planes), from (first pixel of the
 * tile), rowBytes, pixelBytes, channels. For tiles at the edge also the rows and columns that lie
 * inside: top, bottom, left, right.
 */
function tileToPlanes(
  size: number,
  edge: boolean,
  along: (t: Transforms) => Along,
  fused: boolean,
): FunctionBuilder {
  const f = new FunctionBuilder();
  const [to, plane, from, rowBytes, pixelBytes, channels] = integers(f, 6) as Ints;
  const [top, bottom, left, right] = edge ? integers(f, 4) as Ints : [] as unknown as Ints;
  const lines = Array.from({ length: size }, (_, i) => {
    const line = edge ? clamped(f, i, top, bottom) : i32.const(i);
    return f.local("i32", i32.add(from, i32.mul(line, rowBytes)));
  });
  const columns = multiples(f, pixelBytes, size);
  const inside: Inside | undefined = edge
    ? {
      masks: lines.map((_, i) => rowMask(f, i, top, bottom)),
      column: (j) => i32.ltU(i32.sub(i32.const(j), left), i32.sub(right, left)),
    }
    : undefined;
  const transforms = new Transforms(f, fused);
  eachVector(f, channels, (at, access) => {
    const rows = lines.map((line) => f.local("i32", i32.add(line, at)));
    const store = storePlanes(f, i32.add(to, at), plane, access);
    const values = loadColumns(f, rows, columns, access, inside);
    both(f, values, along(transforms), (_, results) => results.forEach(store));
  });
  return f;
}

type Int = Local<"i32">;
type Ints = [Int, Int, Int, Int, Int, Int];

function integers(f: FunctionBuilder, count: number): Int[] {
  return Array.from({ length: count }, () => f.parameter("i32"));
}

/** i, or the nearest row of `from` … `end` − 1. */
function clamped(f: FunctionBuilder, i: number, from: I32, end: I32): I32 {
  const row = f.local("i32", i32.const(i));
  f.if(i32.ltU(row, from), () => f.emit(row.set(from)));
  const last = f.local("i32", i32.sub(end, i32.const(1)));
  f.if(i32.ltU(last, row), () => f.emit(row.set(last)));
  return row;
}

/**
 * Planes to a tile of images, max(y + bias, floor): parameters from, plane (bytes between planes),
 * to (first pixel of the tile), rowBytes, pixelBytes, bias, channels, and for tiles at the edge the
 * rows and columns to write; floor is −∞ where there is none.
 */
function planesToTile(edge: boolean, fused: boolean): FunctionBuilder {
  const f = new FunctionBuilder();
  const [from, plane, to, rowBytes, pixelBytes, bias] = integers(f, 6) as Ints;
  const [channels, rows, columns] = integers(f, edge ? 3 : 1) as Ints;
  const least = f.parameter("f32");
  const floor = f.local("v128", v128.splat(least));
  const pixels = multiples(f, pixelBytes, TILE_OUT);
  const transforms = new Transforms(f, fused);
  eachVector(f, channels, (at, access) => {
    const source = f.local("i32", i32.add(from, at));
    const planes = Array.from({ length: PLANES }, () => {
      const value = f.local("v128", access.load(source));
      f.emit(source.set(i32.add(source, plane)));
      return value;
    });
    const column = (j: number) =>
      Array.from({ length: TILE_IN }, (_, i) => planes[TILE_IN * i + j]!);
    const all = Array.from({ length: TILE_IN }, (_, j) => column(j));
    const shift = f.local("v128", access.load(i32.add(bias, at)));
    both(f, all, (v) => transforms.output(v), (i, results) => {
      const line = f.local("i32", i32.add(to, i32.add(at, i32.mul(rowBytes, i32.const(i)))));
      const write = () =>
        results.forEach((value, j) => {
          const y = v128.pmax(v128.add(value, shift), floor);
          const store = () => f.emit(access.store(i32.add(line, pixels[j]!), y));
          if (edge) f.if(i32.ltU(i32.const(j), columns), store);
          else store();
        });
      if (edge) f.if(i32.ltU(i32.const(i), rows), write);
      else write();
    });
  });
  return f;
}

/**
 * A 3×3 kernel to planes: parameters to, plane, from (the first entry), tap (bytes from one entry to
 * the next, negative for the flipped kernel), count (numbers of an entry).
 */
function filterToPlanes(fused: boolean): FunctionBuilder {
  const f = new FunctionBuilder();
  const [to, plane, from, tap, count] = integers(f, 5) as Ints;
  const transforms = new Transforms(f, fused);
  const taps = multiples(f, tap, 9);
  eachVector(f, count, (at, access) => {
    const start = f.local("i32", i32.add(from, at));
    const columns = [0, 1, 2].map((j) =>
      [0, 1, 2].map((i) => f.local("v128", access.load(i32.add(start, taps[3 * i + j]!))))
    );
    const store = storePlanes(f, i32.add(to, at), plane, access);
    both(f, columns, (v) => transforms.filter(v), (_, results) => results.forEach(store));
  });
  return f;
}

/** Planes to the gradient of a 3×3 kernel: parameters to, tap, from, plane, count. */
function planesToFilter(fused: boolean): FunctionBuilder {
  const f = new FunctionBuilder();
  const [to, tap, from, plane, count] = integers(f, 5) as Ints;
  const transforms = new Transforms(f, fused);
  const along: Along = (v) => transforms.filterGradient(v);
  eachVector(f, count, (at, access) => {
    const source = f.local("i32", i32.add(from, at));
    const rows = Array.from({ length: TILE_IN }, () => {
      const row = Array.from({ length: TILE_IN }, () => {
        const value = f.local("v128", access.load(source));
        f.emit(source.set(i32.add(source, plane)));
        return value;
      });
      return kept(f, along(row));
    });
    const columns = [0, 1, 2].map((j) => along(rows.map((row) => row[j]!)));
    columns.forEach((column, j) =>
      column.forEach((value, i) => {
        const target = i32.add(i32.add(to, at), i32.mul(tap, i32.const(3 * i + j)));
        f.emit(access.store(target, value));
      })
    );
  });
  return f;
}

/**
 * Every kernel of this file by its exported name.
 *
 * @param fused Whether to use the fused multiply-add of relaxed SIMD.
 */
export function winogradKernels(fused: boolean): Record<string, FunctionBuilder> {
  const input = (t: Transforms): Along => (v) => t.input(v);
  const gradient = (t: Transforms): Along => (v) => t.gradient(v);
  return {
    winograd_input: tileToPlanes(TILE_IN, false, input, fused),
    winograd_input_edge: tileToPlanes(TILE_IN, true, input, fused),
    winograd_gradient: tileToPlanes(TILE_OUT, false, gradient, fused),
    winograd_gradient_edge: tileToPlanes(TILE_OUT, true, gradient, fused),
    winograd_output: planesToTile(false, fused),
    winograd_output_edge: planesToTile(true, fused),
    winograd_filter: filterToPlanes(fused),
    winograd_filter_gradient: planesToFilter(fused),
  };
}
