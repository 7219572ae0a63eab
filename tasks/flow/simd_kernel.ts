/**
 * The kernels in WebAssembly with two float64 lanes, assembled for the lattice at hand.
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
} from "../../core/backend/simd/mod.ts";
import type { FlowKernel, FlowKernelKind } from "./kernel.ts";
import { type Grid, pullOffsets } from "./grid.ts";
import { CX, CY, DIRECTIONS, PAIRS, WEIGHTS } from "./lattice.ts";

const BYTES = 8;
const { addF64: add, subF64: sub, mulF64: mul, constF64: real } = v128;

/** Two cells at a time. */
export const simdKernel: FlowKernelKind = {
  name: "wasm-simd",
  description: "WebAssembly SIMD, two cells at a time",
  available: () => WebAssembly.validate(assemble({ f: probe() })),
  create(g, { even, odd }, count): FlowKernel {
    // Rates first, then the states.
    const base = (k: number): number => BYTES * (2 * g.pitch + k * g.size);
    const memory = new WebAssembly.Memory({ initial: Math.ceil(base(count) / PAGE) });
    new Float64Array(memory.buffer, 0, g.pitch).set(even);
    new Float64Array(memory.buffer, BYTES * g.pitch, g.pitch).set(odd);
    const fused = hasFused();
    const binary = assemble({ step: stepFunction(g, fused), adjoint: adjointFunction(g, fused) });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), {
      env: { memory },
    });
    const { step, adjoint } = exports as Record<string, (...args: number[]) => void>;
    return {
      states: Array.from(
        { length: count },
        (_, k) => new Float64Array(memory.buffer, base(k), g.size),
      ),
      step: (from, to) => step!(base(from), base(to)),
      adjoint: (at, from, to) => adjoint!(base(at), base(from), base(to)),
    };
  },
};

function probe(): FunctionBuilder {
  const f = new FunctionBuilder();
  f.returns(v128.laneF64(real(1), 0));
  return f;
}

/** a·b + c, fused where the machine can. */
type Madd = (a: V128, b: V128, c: V128) => V128;

const madd = (fused: boolean): Madd => fused ? v128.relaxedMaddF64 : (a, b, c) => add(mul(a, b), c);

/** Byte offsets of the gathered values from the cell to the lower left, where none is negative. */
function pullBytes(g: Grid): number[] {
  return pullOffsets(g).map((offset) => BYTES * (offset + g.pitch + 1));
}

/** Byte offsets of a cell's own values from the cell to its lower left. */
function ownBytes(g: Grid): number[] {
  return Array.from({ length: DIRECTIONS }, (_, i) => BYTES * (i * g.plane + g.pitch + 1));
}

/**
 * Runs `body` for every pair of cells.
 *
 * @param pointers Addresses of states; each is moved along the cells to the lower left.
 * @param body Gets the byte offset of the column to the left, where rates are read one further.
 */
function eachPair(
  f: FunctionBuilder,
  g: Grid,
  pointers: readonly Local<"i32">[],
  body: (column: I32) => void,
): void {
  const row = f.local("i32", i32.const(g.ny));
  const column = f.local("i32");
  const advance = (by: number): void => {
    for (const p of pointers) f.emit(p.set(i32.add(p, i32.const(by))));
  };
  f.while(row, () => {
    f.emit(column.set(i32.const(0)));
    f.while(i32.ltU(column, i32.const(BYTES * g.nx)), () => {
      body(column);
      advance(2 * BYTES);
      f.emit(column.set(i32.add(column, i32.const(2 * BYTES))));
    });
    advance(2 * BYTES);
    f.emit(row.set(i32.sub(row, i32.const(1))));
  });
}

const evenRate = (f: FunctionBuilder, column: I32): V128 =>
  f.local("v128", v128.load(column, BYTES));
const oddRate = (f: FunctionBuilder, g: Grid, column: I32): V128 =>
  f.local("v128", v128.load(column, BYTES * (g.pitch + 1)));

/** Sum of ±h over the directions where the signs are not zero. */
function signedSum(h: readonly V128[], signs: readonly number[]): V128 {
  const plus = h.filter((_, i) => signs[i]! > 0);
  const minus = h.filter((_, i) => signs[i]! < 0);
  return minus.reduce((a, b) => sub(a, b), plus.reduce((a, b) => add(a, b)));
}

/** c·j of a pair of directions. */
function along(cx: number, cy: number, jx: V128, jy: V128): V128 {
  if (cy === 0) return jx;
  if (cx === 0) return jy;
  return cx > 0 ? add(jx, jy) : sub(jy, jx);
}

function stepFunction(g: Grid, fused: boolean): FunctionBuilder {
  const f = new FunctionBuilder();
  const from = f.parameter("i32");
  const to = f.parameter("i32");
  const fma = madd(fused);
  const [pull, own] = [pullBytes(g), ownBytes(g)];
  const keep = (value: V128): Local<"v128"> => f.local("v128", value);
  eachPair(f, g, [from, to], (column) => {
    const h = pull.map((offset) => keep(v128.load(from, offset)));
    const put = (i: number, value: V128): void => f.emit(v128.store(to, value, own[i]!));
    const [even, odd] = [evenRate(f, column), oddRate(f, g, column)];
    const jx = keep(signedSum(h, CX));
    const jy = keep(signedSum(h, CY));
    const rho = h.reduce<V128>((a, b) => add(a, b), real(0));
    const base = keep(fma(real(-1.5), fma(jx, jx, mul(jy, jy)), rho));
    put(0, sub(h[0]!, mul(even, sub(h[0]!, mul(real(WEIGHTS[0]!), base)))));
    const [halfEven, halfOdd] = [keep(mul(real(0.5), even)), keep(mul(real(0.5), odd))];
    for (const { i, o, cx, cy, w } of PAIRS) {
      const cj = keep(along(cx, cy, jx, jy));
      const target = fma(mul(cj, cj), real(9 * w), mul(real(2 * w), base));
      const a = keep(mul(halfEven, sub(add(h[i]!, h[o]!), target)));
      const b = keep(mul(halfOdd, fma(real(-6 * w), cj, sub(h[i]!, h[o]!))));
      put(i, sub(h[i]!, add(a, b)));
      put(o, sub(h[o]!, sub(a, b)));
    }
  });
  return f;
}

function adjointFunction(g: Grid, fused: boolean): FunctionBuilder {
  const f = new FunctionBuilder();
  const at = f.parameter("i32");
  const from = f.parameter("i32");
  const to = f.parameter("i32");
  const fma = madd(fused);
  const [pull, own] = [pullBytes(g), ownBytes(g)];
  const keep = (value: V128): Local<"v128"> => f.local("v128", value);
  eachPair(f, g, [at, from, to], (column) => {
    const h = pull.map((offset) => v128.load(at, offset));
    const jx = keep(signedSum(h, CX));
    const jy = keep(signedSum(h, CY));
    const l = own.map((offset) => keep(v128.load(from, offset)));
    const put = (i: number, value: V128): void => f.emit(v128.store(to, value, pull[i]!));
    const [even, odd] = [evenRate(f, column), oddRate(f, g, column)];
    const sums = PAIRS.map(({ i, o }) => keep(add(l[i]!, l[o]!)));
    const gaps = PAIRS.map(({ i, o }) => keep(sub(l[i]!, l[o]!)));
    const r = keep(weightedTotal(fma, l[0]!, sums));
    const bent = PAIRS.map(({ cx, cy, w }, k) =>
      keep(mul(mul(real(w), sums[k]!), along(cx, cy, jx, jy)))
    );
    const drift = PAIRS.map(({ w }, k) => keep(mul(real(w), gaps[k]!)));
    const slope = (signs: readonly number[], j: V128): V128 => {
      const along = PAIRS.map(({ i }) => signs[i]!);
      const curved = fma(real(3), signedSum(bent, along), mul(real(-1), mul(j, r)));
      return keep(mul(real(3), fma(even, curved, mul(odd, signedSum(drift, along)))));
    };
    const [gx, gy] = [slope(CX, jx), slope(CY, jy)];
    const flat = keep(mul(even, r));
    put(0, add(sub(l[0]!, mul(even, l[0]!)), flat));
    const [halfEven, halfOdd] = [keep(mul(real(0.5), even)), keep(mul(real(0.5), odd))];
    PAIRS.forEach(({ i, o, cx, cy }, k) => {
      const a = keep(sub(flat, mul(halfEven, sums[k]!)));
      const b = keep(sub(along(cx, cy, gx, gy), mul(halfOdd, gaps[k]!)));
      put(i, add(l[i]!, add(a, b)));
      put(o, add(l[o]!, sub(a, b)));
    });
  });
  return f;
}

/** w₀ l₀ + Σ w (lᵢ + lₒ). */
function weightedTotal(fma: Madd, rest: V128, sums: readonly V128[]): V128 {
  const start = mul(real(WEIGHTS[0]!), rest);
  return PAIRS.reduce((total, { w }, k) => fma(real(w), sums[k]!, total), start);
}
