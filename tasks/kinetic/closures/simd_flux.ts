/**
 * The kinetic flux of first order in WebAssembly. Row by row, f is rebuilt in every direction for a
 * row and its two neighbours, and the moments of what streams are summed in registers: no f leaves
 * the cache. Threads share the rows.
 *
 * @module
 */

import {
  assemble,
  FunctionBuilder,
  type I32,
  i32,
  PAGE,
  type V128,
  v128,
} from "../../../core/wasm/mod.ts";
import type { CartesianGrid } from "../grid.ts";
import type { Ordinates } from "../ordinates.ts";
import type { Sides } from "../sides.ts";
import { constantsOf, expF64, multiplyAdd } from "./simd_densities.ts";
import type { MomentSystem } from "./system.ts";

const { mulF64: mul, subF64: sub } = v128;
/** Bytes of a number, and of a pair. */
export const BYTES = 8;
const PAIR = 2 * BYTES;
/** Numbers before the first cell of a row of f: the last of them is of the cell to the left. */
export const MARGIN = 2;

/** Where arrays are, in bytes; functions and fields have {@linkcode StreamPlaces.pitch}. */
export interface StreamPlaces {
  /** Numbers from one row of a field to the next. */
  readonly pitch: number;
  /** Numbers of a row of f with its margins. */
  readonly width: number;
  /** α_#, a field for each function. */
  readonly alpha: number;
  /** Logarithm of the factor of a cell. */
  readonly scale: number;
  /** ⟨m Ω·∇f⟩, a field for each function. */
  readonly result: number;
  /** Outflow and inflow by row. */
  readonly rates: number;
  /** By direction m_#, the speeds |a|/h_x and |b|/h_y, and w m. */
  readonly table: number;
  /** By direction bytes to the upwind cell of a row, and −1 where the upwind row is below. */
  readonly turns: number;
  /** Rows of f: {@linkcode ROWS} for each piece. */
  readonly rings: number;
  /** Bytes of f in one row. */
  readonly slot: number;
  readonly end: number;
}

/** Rows of f that a piece holds: one and its neighbours. */
export const ROWS = 3;
const TURN_BYTES = 8;

/** Numbers of a direction in the table. */
function tableRow(count: number): number {
  return count - 1 + 2 + count;
}

/** Lays out the memory for a number of pieces. */
export function placesOf(
  { nx, ny }: CartesianGrid,
  { count, ordinates: { weights } }: MomentSystem,
  pieces: number,
): StreamPlaces {
  const pitch = 2 * Math.ceil(nx / 2);
  const width = pitch + 2 * MARGIN;
  let end = 0;
  const place = (bytes: number): number => {
    const start = end;
    end += 64 * Math.ceil(bytes / 64);
    return start;
  };
  const field = BYTES * pitch * ny;
  const slot = BYTES * width * weights.length;
  return {
    ...{ pitch, width, slot },
    alpha: place((count - 1) * field),
    scale: place(field),
    result: place(count * field),
    rates: place(2 * BYTES * ny),
    table: place(BYTES * tableRow(count) * weights.length),
    turns: place(TURN_BYTES * weights.length),
    rings: place(ROWS * slot * pieces),
    end,
  };
}

/** Fills the tables of directions. */
export function writeTables(
  { hx, hy }: CartesianGrid,
  { count, values, ordinates: { x, y, weights } }: MomentSystem,
  at: StreamPlaces,
  buffer: ArrayBufferLike,
): void {
  const table = new Float64Array(buffer, at.table, tableRow(count) * weights.length);
  const turns = new Int32Array(buffer, at.turns, TURN_BYTES / 4 * weights.length);
  weights.forEach((weight, q) => {
    const m = Float64Array.from({ length: count }, (_, k) => values[k * weights.length + q]!);
    const speeds = [Math.abs(x[q]!) / hx, Math.abs(y[q]!) / hy];
    table.set([...m.subarray(1), ...speeds, ...m.map((v) => weight * v)], q * tableRow(count));
    turns.set([x[q]! < 0 ? BYTES : -BYTES, y[q]! < 0 ? 0 : -1], 2 * q);
  });
}

/** The functions on rows. */
export interface StreamFunctions {
  /** f in all directions, from the field of a row into a row of f. */
  readonly rebuild: (row: number, slot: number) => void;
  /** Moments of a row from its f and those of the rows below and above. */
  readonly stream: (row: number, slot: number, below: number, above: number) => void;
}

/** What a thread needs to take part. */
export interface StreamModule {
  readonly memory: WebAssembly.Memory;
  readonly binary: Uint8Array<ArrayBuffer>;
  readonly grid: CartesianGrid;
  readonly sides: Sides;
  readonly ordinates: Ordinates;
  readonly places: StreamPlaces;
}

/** Assembles the functions. */
export function streamBinary(
  { ny }: CartesianGrid,
  { count, ordinates: { weights } }: MomentSystem,
  at: StreamPlaces,
  shared: boolean,
): Uint8Array<ArrayBuffer> {
  const sizes = { count, directions: weights.length, field: BYTES * at.pitch * ny };
  return assemble(
    { rebuild: rebuildFunction(at, sizes), stream: streamFunction(at, sizes) },
    shared,
    Math.ceil(at.end / PAGE),
  );
}

interface Sizes {
  /** Functions. */
  readonly count: number;
  readonly directions: number;
  /** Bytes of a field. */
  readonly field: number;
}

/** Calls the body for the row of each direction in the table. */
function eachDirection(
  f: FunctionBuilder,
  at: StreamPlaces,
  { count, directions }: Sizes,
  body: (row: I32) => void,
): void {
  const size = BYTES * tableRow(count);
  const row = f.local("i32");
  f.emit(row.set(i32.const(at.table)));
  f.while(i32.ltU(row, i32.const(at.table + size * directions)), () => {
    body(row);
    f.emit(row.set(i32.add(row, i32.const(size))));
  });
}

/** Calls the body for every pair of cells, by their distance from the first one. */
function eachPair(f: FunctionBuilder, pitch: number, body: (cell: I32) => void): void {
  const cell = f.local("i32");
  f.emit(cell.set(i32.const(0)));
  f.while(i32.ltU(cell, i32.const(BYTES * pitch)), () => {
    body(cell);
    f.emit(cell.set(i32.add(cell, i32.const(PAIR))));
  });
}

function rebuildFunction(at: StreamPlaces, sizes: Sizes): FunctionBuilder {
  const f = new FunctionBuilder();
  const [row, slot] = [f.parameter("i32"), f.parameter("i32")];
  const constants = constantsOf(f);
  const values = Array.from({ length: sizes.count - 1 }, () => f.local("v128"));
  const to = f.local("i32", i32.add(slot, i32.const(BYTES * MARGIN)));
  eachDirection(f, at, sizes, (entry) => {
    values.forEach((value, k) => f.emit(value.set(v128.load64Splat(entry, BYTES * k))));
    eachPair(f, at.pitch, (cell) => {
      const from = f.local("i32", i32.add(row, cell));
      const exponent = values.reduce<V128>(
        (sum, value, k) => multiplyAdd(v128.load(from, at.alpha + k * sizes.field), value, sum),
        v128.load(from, at.scale),
      );
      f.emit(v128.store(i32.add(to, cell), expF64(f, exponent, constants)));
    });
    f.emit(to.set(i32.add(to, i32.const(BYTES * at.width))));
  });
  return f;
}

function streamFunction(at: StreamPlaces, sizes: Sizes): FunctionBuilder {
  const { count } = sizes;
  const f = new FunctionBuilder();
  const [row, slot] = [f.parameter("i32"), f.parameter("i32")];
  const [below, above] = [f.parameter("i32"), f.parameter("i32")];
  const fromAbove = f.local("i32", i32.sub(below, above));
  const sums = Array.from({ length: count }, () => f.local("v128"));
  const turn = f.local("i32");
  const place = f.local("i32");
  const speeds = count - 1;
  eachPair(f, at.pitch, (cell) => {
    sums.forEach((sum) => f.emit(sum.set(v128.constF64(0))));
    f.emit(turn.set(i32.const(at.turns)));
    f.emit(place.set(i32.add(cell, i32.const(BYTES * MARGIN))));
    eachDirection(f, at, sizes, (entry) => {
      const own = v128.load(i32.add(slot, place));
      const psi = f.local("v128", own);
      const beside = v128.load(i32.add(i32.add(slot, place), i32.load(turn)));
      const other = i32.add(above, i32.and(fromAbove, i32.load(turn, 4)));
      const alongX = mul(v128.load64Splat(entry, BYTES * speeds), sub(psi, beside));
      const streamed = f.local(
        "v128",
        multiplyAdd(
          v128.load64Splat(entry, BYTES * (speeds + 1)),
          sub(psi, v128.load(i32.add(other, place))),
          alongX,
        ),
      );
      sums.forEach((sum, k) =>
        f.emit(
          sum.set(multiplyAdd(v128.load64Splat(entry, BYTES * (speeds + 2 + k)), streamed, sum)),
        )
      );
      f.emit(turn.set(i32.add(turn, i32.const(TURN_BYTES))));
      f.emit(place.set(i32.add(place, i32.const(BYTES * at.width))));
    });
    sums.forEach((sum, k) =>
      f.emit(v128.store(i32.add(row, cell), sum, at.result + k * sizes.field))
    );
  });
  return f;
}
