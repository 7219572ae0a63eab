/**
 * Reflections and rotations of row-major float64 matrices, two lanes at a time.
 *
 * Rows begin at multiples of a pitch, and what a kernel touches of a row is a multiple of
 * {@linkcode LANES} numbers: whoever lays out a matrix fills its rows up with zeros.
 *
 * @module
 */

import {
  assemble,
  f64,
  FunctionBuilder,
  hasFused,
  type I32,
  i32,
  type Local,
  type V128,
  v128,
} from "../wasm/mod.ts";

/** Rows are filled up to multiples of this many numbers. */
export const LANES = 4;

const VECTOR = 16;
/** Vectors of the least part of a row. */
const NARROW = 8 * LANES / VECTOR;
/** Vectors of a row that a reflection from the left has in registers. */
const REFLECTED = 8;
/** Vectors of a row that rotations have in registers. */
const ROTATED = 4;
/** Rows that a reflection from the right has in its hands. */
const ROWS = 4;

/** The kernels of this file by name; addresses, pitches and widths are in bytes. */
export interface FactorKernels {
  /**
   * A ← (I − v vᵀ) A.
   *
   * @param a First row.
   * @param pitch From one row to the next.
   * @param rows Rows, as many as v has numbers.
   * @param width Of a row.
   * @param v Numbers one after the other.
   */
  reflect_left(a: number, pitch: number, rows: number, width: number, v: number): void;
  /** A ← A (I − v vᵀ); v has as many numbers as a row. Parameters as for `reflect_left`. */
  reflect_right(a: number, pitch: number, rows: number, width: number, v: number): void;
  /** along = uᵀ A: what `reflect_left` would take out of each row. */
  project(a: number, pitch: number, rows: number, width: number, u: number, along: number): void;
  /** A ← (A − u alongᵀ) (I − v vᵀ), in one pass over A. */
  reflect_both(
    a: number,
    pitch: number,
    rows: number,
    width: number,
    u: number,
    along: number,
    v: number,
  ): void;
  /**
   * Turns pairs of rows: rows k and k + 1 become c·row k + s·row k+1 and c·row k+1 − s·row k.
   *
   * @param a First row.
   * @param pitch From one row to the next.
   * @param width Of a row.
   * @param log Sweeps one behind the other. Each is the bytes from `a` to the first row of its first
   *   pair, the bytes that follow, and for one pair after the other c and s.
   * @param end Where the sweeps end.
   */
  rotate(a: number, pitch: number, width: number, log: number, end: number): void;
}

/** x·y + z and z − x·y on float64 lanes. */
interface Arithmetic {
  plus(x: V128, y: V128, z: V128): V128;
  minus(x: V128, y: V128, z: V128): V128;
}

const FUSED: Arithmetic = { plus: v128.relaxedMaddF64, minus: v128.relaxedNmaddF64 };
const PLAIN: Arithmetic = {
  plus: (x, y, z) => v128.addF64(z, v128.mulF64(x, y)),
  minus: (x, y, z) => v128.subF64(z, v128.mulF64(x, y)),
};

const step = (f: FunctionBuilder, variable: Local<"i32">, by: I32): void =>
  f.emit(variable.set(i32.add(variable, by)));

/** A list of what `make` makes of 0 … count − 1. */
function each<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

/** Parts of a row: wide ones as long as they fit, then narrow ones. `at` is where a part begins. */
function parts(
  f: FunctionBuilder,
  width: I32,
  wide: number,
  body: (at: Local<"i32">, vectors: number) => void,
): void {
  const at = f.local("i32", i32.const(0));
  for (const vectors of [wide, NARROW]) {
    const bytes = i32.const(VECTOR * vectors);
    f.while(i32.leU(i32.add(at, bytes), width), () => {
      body(at, vectors);
      step(f, at, bytes);
    });
  }
}

function reflectLeft({ plus, minus }: Arithmetic): FunctionBuilder {
  const f = new FunctionBuilder();
  const [a, pitch, rows, width, v] = each(5, () => f.parameter("i32"));
  const end = f.local("i32", i32.add(v!, i32.shl(rows!, i32.const(3))));
  const row = f.local("i32");
  const entry = f.local("i32");
  parts(f, width!, REFLECTED, (at, vectors) => {
    const along = each(vectors, () => f.local("v128", v128.constF64(0)));
    const pass = (body: (factor: V128, w: number) => void): void => {
      f.emit(row.set(i32.add(a!, at)), entry.set(v!));
      f.while(i32.ltU(entry, end), () => {
        const factor = f.local("v128", v128.load64Splat(entry));
        for (let w = 0; w < vectors; w++) body(factor, w);
        step(f, row, pitch!);
        step(f, entry, i32.const(8));
      });
    };
    pass((factor, w) => {
      f.emit(along[w]!.set(plus(factor, v128.load(row, VECTOR * w), along[w]!)));
    });
    pass((factor, w) => {
      const moved = minus(factor, along[w]!, v128.load(row, VECTOR * w));
      f.emit(v128.store(row, moved, VECTOR * w));
    });
  });
  return f;
}

function project({ plus }: Arithmetic): FunctionBuilder {
  const f = new FunctionBuilder();
  const [a, pitch, rows, width, u, along] = each(6, () => f.parameter("i32"));
  const end = f.local("i32", i32.add(u!, i32.shl(rows!, i32.const(3))));
  const row = f.local("i32");
  const entry = f.local("i32");
  parts(f, width!, REFLECTED, (at, vectors) => {
    const sums = each(vectors, () => f.local("v128", v128.constF64(0)));
    f.emit(row.set(i32.add(a!, at)), entry.set(u!));
    f.while(i32.ltU(entry, end), () => {
      const factor = f.local("v128", v128.load64Splat(entry));
      for (const [w, sum] of sums.entries()) {
        f.emit(sum.set(plus(factor, v128.load(row, VECTOR * w), sum)));
      }
      step(f, row, pitch!);
      step(f, entry, i32.const(8));
    });
    const to = f.local("i32", i32.add(along!, at));
    for (const [w, sum] of sums.entries()) f.emit(v128.store(to, sum, VECTOR * w));
  });
  return f;
}

/** Both lanes with their sum. */
function sumOfLanes(f: FunctionBuilder, x: V128): V128 {
  const both = f.local("v128", x);
  const swapped = v128.shuffle(both, both, [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]);
  return v128.addF64(both, swapped);
}

/** `reflect_right`, or `reflect_both`, which takes something out of the rows on the way. */
function reflectRows({ plus, minus }: Arithmetic, both: boolean): FunctionBuilder {
  const f = new FunctionBuilder();
  const [a, pitch, rows, width] = each(4, () => f.parameter("i32"));
  const [u, along] = both ? each(2, () => f.parameter("i32")) : [];
  const v = f.parameter("i32");
  const left = f.local("i32", rows);
  const end = f.local("i32", i32.add(v, width!));
  const entry = f.local("i32");
  const other = f.local("i32");
  for (const count of [ROWS, 1]) {
    f.while(i32.leU(i32.const(count), left), () => {
      const row = each(count, () => f.local("i32"));
      const pass = (body: (factor: V128, i: number, offset: number) => void): void => {
        f.emit(entry.set(v), ...along ? [other.set(along)] : []);
        row.forEach((r, i) => f.emit(r.set(i === 0 ? a! : i32.add(row[i - 1]!, pitch!))));
        f.while(i32.ltU(entry, end), () => {
          const factors = each(NARROW, (w) => f.local("v128", v128.load(entry, VECTOR * w)));
          row.forEach((_, i) => factors.forEach((factor, w) => body(factor, i, VECTOR * w)));
          for (const r of [...row, entry, other]) step(f, r, i32.const(VECTOR * NARROW));
        });
      };
      const shares = u ? each(count, (i) => f.local("v128", v128.load64Splat(u, 8 * i))) : [];
      const sums = each(count * NARROW, () => f.local("v128", v128.constF64(0)));
      pass((factor, i, offset) => {
        const x = f.local("v128", v128.load(row[i]!, offset));
        if (both) {
          f.emit(x.set(minus(shares[i]!, v128.load(other, offset), x)));
          f.emit(v128.store(row[i]!, x, offset));
        }
        const sum = sums[i * NARROW + offset / VECTOR]!;
        f.emit(sum.set(plus(factor, x, sum)));
      });
      const across = each(count, (i) => {
        const own = sums.slice(i * NARROW, (i + 1) * NARROW) as V128[];
        return f.local("v128", sumOfLanes(f, own.reduce(v128.addF64)));
      });
      pass((factor, i, offset) => {
        const moved = minus(factor, across[i]!, v128.load(row[i]!, offset));
        f.emit(v128.store(row[i]!, moved, offset));
      });
      step(f, a!, i32.mul(pitch!, i32.const(count)));
      if (u) step(f, u, i32.const(8 * count));
      f.emit(left.set(i32.sub(left, i32.const(count))));
    });
  }
  return f;
}

function rotate({ plus, minus }: Arithmetic): FunctionBuilder {
  const f = new FunctionBuilder();
  const [a, pitch, width, log, end] = each(5, () => f.parameter("i32"));
  const sweep = f.local("i32");
  const row = f.local("i32");
  const turn = f.local("i32");
  // A part of all rows stays in the first-level cache while all sweeps go over it.
  parts(f, width!, ROTATED, (at, vectors) => {
    f.emit(sweep.set(log!));
    f.while(i32.ltU(sweep, end!), () => {
      f.emit(row.set(i32.add(i32.add(a!, at), i32.truncF64(f64.load(sweep)))));
      const bytes = i32.truncF64(f64.load(sweep, 8));
      f.emit(turn.set(i32.add(sweep, i32.const(VECTOR))));
      f.emit(sweep.set(i32.add(turn, bytes)));
      // The lower row of a pair is the upper one of the next.
      const upper = each(vectors, (w) => f.local("v128", v128.load(row, VECTOR * w)));
      f.while(i32.ltU(turn, sweep), () => {
        const c = f.local("v128", v128.load64Splat(turn));
        const s = f.local("v128", v128.load64Splat(turn, 8));
        const next = f.local("i32", i32.add(row, pitch!));
        for (const [w, x] of upper.entries()) {
          const y = f.local("v128", v128.load(next, VECTOR * w));
          f.emit(v128.store(row, plus(c, x, v128.mulF64(s, y)), VECTOR * w));
          f.emit(x.set(minus(s, x, v128.mulF64(c, y))));
        }
        f.emit(row.set(next));
        step(f, turn, i32.const(VECTOR));
      });
      for (const [w, x] of upper.entries()) f.emit(v128.store(row, x, VECTOR * w));
    });
  });
  return f;
}

/**
 * The kernels to be assembled.
 *
 * @param fused Whether to use the fused multiply-add of relaxed SIMD.
 */
export function factorKernels(
  fused: boolean = hasFused(),
): Record<keyof FactorKernels, FunctionBuilder> {
  const arithmetic = fused ? FUSED : PLAIN;
  return {
    reflect_left: reflectLeft(arithmetic),
    reflect_right: reflectRows(arithmetic, false),
    reflect_both: reflectRows(arithmetic, true),
    project: project(arithmetic),
    rotate: rotate(arithmetic),
  };
}

/** Modules by whether their memory is shared. */
const modules = new Map<boolean, WebAssembly.Module>();

/** The kernels on a memory. */
export function bindFactorKernels(memory: WebAssembly.Memory): FactorKernels {
  const shared = memory.buffer instanceof SharedArrayBuffer;
  const module = modules.get(shared) ??
    new WebAssembly.Module(assemble({ ...factorKernels() }, shared));
  modules.set(shared, module);
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return instance.exports as unknown as FactorKernels;
}
