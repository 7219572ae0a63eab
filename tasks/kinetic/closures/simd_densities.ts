/**
 * Densities in WebAssembly, two cells at a time.
 *
 * @module
 */

import {
  assemble,
  FunctionBuilder,
  hasFused,
  type I32,
  i32,
  type Local,
  PAGE,
  type V128,
  v128,
} from "../../../core/wasm/mod.ts";
import type { Densities } from "./densities.ts";
import type { MomentSystem } from "./system.ts";

const { addF64: add, mulF64: mul, subF64: sub, constF64: constant } = v128;
/** a b + c, rounded once where the machine can. */
export const multiplyAdd = hasFused()
  ? v128.relaxedMaddF64
  : (a: V128, b: V128, c: V128): V128 => add(mul(a, b), c);
const BYTES = 8;
const PAIR = 2 * BYTES;

/** Added to a number below 2⁵¹, it leaves the nearest integer in the low bits: 3·2⁵¹. */
const TO_INTEGER = 3 * 2 ** 51;
/** ln 2 in two parts, the first short enough for its multiples by exponents to be exact. */
const [LN2_HIGH, LN2_LOW] = [0.693145751953125, 1.42860682030941723212e-6];
/** Beyond it eˣ is no normal number. */
const LARGEST = 708;
/** 1/k! from 13 down: |r| ≤ ln(2)/2, so that the next term is below the rounding. */
const TAYLOR = Array.from({ length: 14 }, (_, k) => {
  let factorial = 1;
  for (let n = 2; n <= 13 - k; n++) factorial *= n;
  return 1 / factorial;
});

/** eˣ on two float64 lanes to a few units in the last place, cut to normal numbers. */
export function expF64(f: FunctionBuilder, input: V128, constants: (value: number) => V128): V128 {
  const x = f.local(
    "v128",
    v128.pmaxF64(v128.pminF64(input, constants(LARGEST)), constants(-LARGEST)),
  );
  const shifted = f.local(
    "v128",
    multiplyAdd(x, constants(Math.LOG2E), constants(TO_INTEGER)),
  );
  const n = f.local("v128", sub(shifted, constants(TO_INTEGER)));
  const high = multiplyAdd(n, constants(-LN2_HIGH), x);
  const r = f.local("v128", multiplyAdd(n, constants(-LN2_LOW), high));
  const [first, ...others] = TAYLOR;
  const sum = others.reduce((s, c) => multiplyAdd(s, r, constants(c)), constants(first!));
  return f.local("v128", v128.addI64(sum, v128.shlI64(shifted, 52)));
}

/** Where arrays are, in bytes. */
interface Addresses {
  readonly alpha: number;
  readonly scale: number;
  readonly result: number;
  /** By direction its weight and its functions but the first. */
  readonly table: number;
  readonly end: number;
}

type Functions = { readonly density: (row: number) => void; readonly mass: () => void };

/** Two cells at a time. */
export class SimdDensities implements Densities {
  readonly alpha: Float64Array;
  readonly scale: Float64Array;
  readonly result: Float64Array;
  readonly pitch: number;
  readonly #functions: Functions;
  readonly #row: (q: number) => number;

  /** Makes room for a number of cells. */
  constructor(system: MomentSystem, cells: number) {
    const { count, values, ordinates: { weights } } = system;
    const functions = count - 1;
    this.pitch = 2 * Math.ceil(cells / 2);
    const at = addressesOf(this.pitch, functions, weights.length);
    const pages = Math.ceil(at.end / PAGE);
    const memory = new WebAssembly.Memory({ initial: pages });
    const view = (address: number, length: number): Float64Array =>
      new Float64Array(memory.buffer, address, length);
    this.alpha = view(at.alpha, functions * this.pitch);
    this.scale = view(at.scale, cells);
    this.result = view(at.result, cells);
    const table = view(at.table, count * weights.length);
    weights.forEach((weight, q) => {
      table[q * count] = weight;
      for (let k = 1; k < count; k++) table[q * count + k] = values[k * weights.length + q]!;
    });
    this.#row = (q) => at.table + q * count * BYTES;
    const binary = assemble(
      {
        density: densityFunction(at, this.pitch, functions),
        mass: massFunction(at, this.pitch, functions, weights.length),
      },
      false,
      pages,
    );
    const module = new WebAssembly.Module(binary);
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    this.#functions = exports as unknown as Functions;
  }

  density(q: number): void {
    this.#functions.density(this.#row(q));
  }

  mass(): void {
    this.#functions.mass();
  }
}

function addressesOf(pitch: number, functions: number, directions: number): Addresses {
  const alpha = 0;
  const scale = alpha + BYTES * functions * pitch;
  const result = scale + BYTES * pitch;
  const table = result + BYTES * pitch;
  return { alpha, scale, result, table, end: table + BYTES * (functions + 1) * directions };
}

/** Constants of {@linkcode expF64} that are set once, where the function begins. */
export function constantsOf(f: FunctionBuilder): (value: number) => V128 {
  const known = new Map<number, V128>();
  const all = [LARGEST, -LARGEST, Math.LOG2E, TO_INTEGER, -LN2_HIGH, -LN2_LOW, ...TAYLOR];
  for (const value of all) known.set(value, f.local("v128", constant(value)));
  return (value) => known.get(value)!;
}

/** The multipliers of a pair of cells. */
function multipliersAt(f: FunctionBuilder, cell: I32, at: Addresses, pitch: number, count: number) {
  return Array.from(
    { length: count },
    (_, k) => f.local("v128", v128.load(cell, at.alpha + BYTES * k * pitch)),
  );
}

/** e^(scale + Σ α m) of every cell, for the direction whose row is the argument. */
function densityFunction(at: Addresses, pitch: number, count: number): FunctionBuilder {
  const f = new FunctionBuilder();
  const row = f.parameter("i32");
  const constants = constantsOf(f);
  const values = Array.from(
    { length: count },
    (_, k) => f.local("v128", v128.load64Splat(row, BYTES * (k + 1))),
  );
  const cell = f.local("i32", i32.const(0));
  f.while(i32.ltU(cell, i32.const(BYTES * pitch)), () => {
    const exponent = multipliersAt(f, cell, at, pitch, count).reduce<V128>(
      (sum, alpha, k) => multiplyAdd(alpha, values[k]!, sum),
      v128.load(cell, at.scale),
    );
    f.emit(v128.store(cell, expF64(f, exponent, constants), at.result));
    f.emit(cell.set(i32.add(cell, i32.const(PAIR))));
  });
  return f;
}

/** Σ_q w_q e^(Σ α m) of every cell. */
function massFunction(
  at: Addresses,
  pitch: number,
  count: number,
  directions: number,
): FunctionBuilder {
  const f = new FunctionBuilder();
  const constants = constantsOf(f);
  const cell = f.local("i32", i32.const(0));
  const row: Local<"i32"> = f.local("i32");
  const end = at.table + BYTES * (count + 1) * directions;
  f.while(i32.ltU(cell, i32.const(BYTES * pitch)), () => {
    const alpha = multipliersAt(f, cell, at, pitch, count);
    const total = f.local("v128", constant(0));
    f.emit(row.set(i32.const(at.table)));
    f.while(i32.ltU(row, i32.const(end)), () => {
      const value = (k: number): V128 => v128.load64Splat(row, BYTES * (k + 1));
      const [first, ...others] = alpha;
      const exponent = others.reduce<V128>(
        (sum, a, k) => multiplyAdd(a, value(k + 1), sum),
        mul(first!, value(0)),
      );
      const density = expF64(f, exponent, constants);
      f.emit(total.set(multiplyAdd(v128.load64Splat(row), density, total)));
      f.emit(row.set(i32.add(row, i32.const(BYTES * (count + 1)))));
    });
    f.emit(v128.store(cell, total, at.result));
    f.emit(cell.set(i32.add(cell, i32.const(PAIR))));
  });
  return f;
}
