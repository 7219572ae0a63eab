/**
 * Element-wise kernels in one pass over memory each.
 *
 * @module
 */

import { type Activation, ACTIVATIONS } from "../engine.ts";
import {
  exp,
  f64,
  FunctionBuilder,
  type I32,
  i32,
  type Local,
  memoryZero,
  oneMinusExpNeg,
  sigmoid,
  softplus,
  tanh,
  type V128,
  v128,
} from "../../wasm/mod.ts";

const { add, sub, mul, div } = v128;

/** Vectors per turn of an unrolled loop. */
const UNROLL = 4;

/** act(z) on four lanes. */
export function activationLanes(f: FunctionBuilder, z: V128, name: Activation): V128 {
  switch (name) {
    case "identity":
      return z;
    case "relu":
      // pmax(z, 0) is z < 0 ? 0 : z, so that a NaN stays visible.
      return v128.pmax(z, v128.const(0));
    case "tanh":
      return tanh(f, z);
    case "sigmoid":
      return sigmoid(f, z);
    case "softplus":
      return softplus(f, z);
  }
}

/** dy ∘ act′ on four lanes, in terms of the output y. */
export function gradientLanes(f: FunctionBuilder, dy: V128, output: V128, name: Activation): V128 {
  if (name === "identity") return dy;
  const y = f.local("v128", output);
  switch (name) {
    case "relu":
      return v128.and(dy, v128.gt(y, v128.const(0)));
    case "tanh":
      return mul(dy, sub(f.constant(1), mul(y, y)));
    case "sigmoid":
      return mul(dy, mul(y, sub(f.constant(1), y)));
    case "softplus":
      return mul(dy, oneMinusExpNeg(f, y));
  }
}

/** Bytes of n elements. */
const bytes = (n: I32): I32 => i32.shl(n, i32.const(2));

/**
 * Runs `vector` over byte offsets [0, end), `unroll` vectors a turn and then one, and `tail` for the
 * last one to three elements.
 */
export function sweep(
  f: FunctionBuilder,
  end: I32,
  vector: (at: Local<"i32">, offset: number) => void,
  tail: (at: Local<"i32">) => void,
  unroll: number = UNROLL,
): void {
  const at = f.local("i32", i32.const(0));
  const advance = (by: number) => f.emit(at.set(i32.add(at, i32.const(by))));
  for (const vectors of new Set([unroll, 1])) {
    const last = f.local("i32", i32.and(end, i32.const(-16 * vectors)));
    f.while(i32.ltU(at, last), () => {
      for (let k = 0; k < vectors; k++) vector(at, 16 * k);
      advance(16 * vectors);
    });
  }
  f.while(i32.ltU(at, end), () => {
    tail(at);
    advance(4);
  });
}

/** out[i] = map(inputs[i]; scalars): parameters out, inputs…, scalars…, n. */
export function elementwise(
  inputs: number,
  scalars: number,
  map: (f: FunctionBuilder, x: V128[], c: V128[]) => V128,
): FunctionBuilder {
  const f = new FunctionBuilder();
  const out = f.parameter("i32");
  const pointers = Array.from({ length: inputs }, () => f.parameter("i32"));
  const plain = Array.from({ length: scalars }, () => f.parameter("f32"));
  const n = f.parameter("i32");
  const c = plain.map((scalar) => f.local("v128", v128.splat(scalar)));
  const end = f.local("i32", bytes(n));
  sweep(f, end, (at, offset) => {
    const x = pointers.map((p) => v128.load(i32.add(p, at), offset));
    f.emit(v128.store(i32.add(out, at), map(f, x, c), offset));
  }, (at) => {
    const x = pointers.map((p) => v128.load32Zero(i32.add(p, at)));
    f.emit(v128.storeLane0(i32.add(out, at), map(f, x, c)));
  });
  return f;
}

/** Runs `body` for each row: `row` holds the byte offset of its first element. */
function eachRow(f: FunctionBuilder, rows: I32, pitch: I32, body: (row: I32) => void): void {
  const row = f.local("i32", i32.const(0));
  const end = f.local("i32", i32.mul(rows, pitch));
  f.while(i32.ltU(row, end), () => {
    body(row);
    f.emit(row.set(i32.add(row, pitch)));
  });
}

/** y[r, c] = act(y[r, c] + bias[c]) in place: parameters y, bias, rows, columns. */
function biasActivate(name: Activation): FunctionBuilder {
  const f = new FunctionBuilder();
  const [y, bias, rows, columns] = [0, 1, 2, 3].map(() => f.parameter("i32")) as Quad;
  const pitch = f.local("i32", bytes(columns));
  eachRow(f, rows, pitch, (row) => {
    const line = f.local("i32", i32.add(y, row));
    sweep(f, pitch, (at, offset) => {
      const z = add(v128.load(i32.add(line, at), offset), v128.load(i32.add(bias, at), offset));
      f.emit(v128.store(i32.add(line, at), activationLanes(f, z, name), offset));
    }, (at) => {
      const z = add(v128.load32Zero(i32.add(line, at)), v128.load32Zero(i32.add(bias, at)));
      f.emit(v128.storeLane0(i32.add(line, at), activationLanes(f, z, name)));
    });
  });
  return f;
}

type Quad = [Local<"i32">, Local<"i32">, Local<"i32">, Local<"i32">];
type Six = [...Quad, Local<"i32">, Local<"i32">];

/** Rows that share a pass over the column sums. */
const ROWS = 4;

/**
 * d = dy ∘ act′(y) and sums[c] = Σ_r d[r, c]: parameters d, dy, y, sums, rows, columns. For
 * "identity" d is not written.
 */
function activationGradSums(name: Activation): FunctionBuilder {
  const f = new FunctionBuilder();
  const [d, dy, y, sums, rows, columns] = [0, 1, 2, 3, 4, 5].map(() => f.parameter("i32")) as Six;
  const pitch = f.local("i32", bytes(columns));
  f.emit(memoryZero(sums, pitch));
  const row = f.local("i32", i32.const(0));
  const upTo = (end: I32, count: number) => {
    const last = f.local("i32", i32.mul(end, pitch));
    f.while(i32.ltU(row, last), () => {
      const lines = Array.from({ length: count }, () => {
        const line = [dy, y, d].map((p) => f.local("i32", i32.add(p, row)));
        f.emit(row.set(i32.add(row, pitch)));
        return line as Line;
      });
      addToSums(f, name, lines, sums, pitch);
    });
  };
  upTo(i32.and(rows, i32.const(-ROWS)), ROWS);
  upTo(rows, 1);
  return f;
}

/** Addresses of a row of dy, y and d. */
type Line = [Local<"i32">, Local<"i32">, Local<"i32">];

/** One pass over some rows of {@linkcode activationGradSums}. */
function addToSums(
  f: FunctionBuilder,
  name: Activation,
  lines: readonly Line[],
  sums: I32,
  pitch: I32,
): void {
  sweep(f, pitch, (at, offset) => {
    const sum = f.local("v128", v128.load(i32.add(sums, at), offset));
    for (const [up, out, to] of lines) {
      const output = v128.load(i32.add(out, at), offset);
      const value = gradientLanes(f, v128.load(i32.add(up, at), offset), output, name);
      const lanes = f.local("v128", value);
      if (name !== "identity") f.emit(v128.store(i32.add(to, at), lanes, offset));
      f.emit(sum.set(add(sum, lanes)));
    }
    f.emit(v128.store(i32.add(sums, at), sum, offset));
  }, (at) => {
    const sum = f.local("v128", v128.load32Zero(i32.add(sums, at)));
    for (const [up, out, to] of lines) {
      const output = v128.load32Zero(i32.add(out, at));
      const value = gradientLanes(f, v128.load32Zero(i32.add(up, at)), output, name);
      const lanes = f.local("v128", value);
      if (name !== "identity") f.emit(v128.storeLane0(i32.add(to, at), lanes));
      f.emit(sum.set(add(sum, lanes)));
    }
    f.emit(v128.storeLane0(i32.add(sums, at), sum));
  }, lines.length > 1 ? 1 : UNROLL);
}

/** Σ map(x[i]) in float64: parameters x, n. */
function reduction(map: (f: FunctionBuilder, lanes: V128) => V128): FunctionBuilder {
  const f = new FunctionBuilder();
  const [x, n] = [f.parameter("i32"), f.parameter("i32")];
  const sums = Array.from({ length: UNROLL }, () => f.local("v128"));
  const high = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];
  const accumulate = (lanes: V128, slot: number) => {
    const sum = sums[slot]!;
    const low = map(f, v128.promoteLow(lanes));
    const upper = map(f, v128.promoteLow(v128.shuffle(lanes, lanes, high)));
    f.emit(sum.set(v128.addF64(sum, v128.addF64(low, upper))));
  };
  sweep(f, f.local("i32", bytes(n)), (at, offset) => {
    accumulate(f.local("v128", v128.load(i32.add(x, at), offset)), (offset / 16) % UNROLL);
  }, (at) => accumulate(f.local("v128", v128.load32Zero(i32.add(x, at))), 0));
  const total = f.local("v128", sums.reduce<V128>((a, b) => v128.addF64(a, b), v128.const(0)));
  f.returns(f64.add(v128.laneF64(total, 0), v128.laneF64(total, 1)));
  return f;
}

function squareF64(f: FunctionBuilder, lanes: V128): V128 {
  const x = f.local("v128", lanes);
  return v128.mulF64(x, x);
}

/** γ x − α m / (√(δ v) + ε). */
const adaptive = (_: FunctionBuilder, [x, m, v]: V128[], [g, a, d, e]: V128[]): V128 =>
  sub(mul(g!, x!), div(mul(a!, m!), add(v128.sqrt(mul(d!, v!)), e!)));

/** Functions for every activation, by a name made of `prefix` and the activation's. */
export function perActivation(
  prefix: string,
  make: (name: Activation) => FunctionBuilder,
): Record<string, FunctionBuilder> {
  return Object.fromEntries(ACTIVATIONS.map((name) => [`${prefix}_${name}`, make(name)]));
}

/** Every kernel of this file by its exported name. */
export function elementwiseKernels(): Record<string, FunctionBuilder> {
  return {
    ...perActivation(
      "activate",
      (name) => elementwise(1, 0, (f, [x]) => activationLanes(f, x!, name)),
    ),
    ...perActivation("bias", biasActivate),
    ...perActivation(
      "grad",
      (name) => elementwise(2, 0, (f, [dy, y]) => gradientLanes(f, dy!, y!, name)),
    ),
    ...perActivation("grad_sums", activationGradSums),
    exp: elementwise(1, 0, (f, [x]) => exp(f, x!)),
    sqrt: elementwise(1, 0, (_, [x]) => v128.sqrt(x!)),
    add: elementwise(2, 0, (_, [x, y]) => add(x!, y!)),
    sub: elementwise(2, 0, (_, [x, y]) => sub(x!, y!)),
    mul: elementwise(2, 0, (_, [x, y]) => mul(x!, y!)),
    scale: elementwise(1, 1, (_, [x], [a]) => mul(a!, x!)),
    lincomb: elementwise(2, 2, (_, [x, y], [a, b]) => add(mul(a!, x!), mul(b!, y!))),
    lincomb_square: elementwise(2, 2, (f, [v, g], [a, b]) => {
      const grad = f.local("v128", g!);
      return add(mul(a!, v!), mul(b!, mul(grad, grad)));
    }),
    adaptive: elementwise(3, 4, adaptive),
    sum: reduction((_, lanes) => lanes),
    sum_squares: reduction(squareF64),
  };
}
