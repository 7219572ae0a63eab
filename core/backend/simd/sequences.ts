/**
 * Kernels on the rows of a sequence: normalisation, rotation of pairs, rows of a table by number.
 *
 * @module
 */

import { FunctionBuilder, type I32, i32, memoryZero, type V128, v128 } from "../../wasm/mod.ts";
import { sweep } from "./elementwise.ts";
import {
  type Access,
  acrossLanes,
  type Int,
  integers,
  SINGLES,
  step,
  VECTORS,
  words,
} from "./lanes.ts";

const { add, sub, mul } = v128;

/** Vectors that a loop over a row has in hand at a time, each with a sum of its own. */
const LANES = 4;

/** Σ of what `term` makes of a row, in all lanes; the last numbers stand in lane 0. */
function rowSum(
  f: FunctionBuilder,
  pitch: I32,
  term: (access: Access, at: I32, k: number) => V128,
): V128 {
  const sums = Array.from({ length: LANES }, () => f.local("v128", v128.const(0)));
  const single = f.local("v128", v128.const(0));
  sweep(f, pitch, (at, k) => {
    const sum = sums[k / 16 % LANES]!;
    f.emit(sum.set(add(sum, term(VECTORS, at, k))));
  }, (at) => {
    // What the term makes of the zeros in the other lanes is left out.
    const lane = v128.splat(v128.lane(term(SINGLES, at, 0), 0));
    f.emit(single.set(add(single, lane)));
  }, LANES);
  const total = sums.reduce<V128>((a, b) => add(a, b), v128.const(0));
  return f.local("v128", add(acrossLanes(f, total, add), single));
}

/** Runs `body` for each row, with the pointers at its numbers. */
function eachRow(
  f: FunctionBuilder,
  rows: Int,
  pointers: readonly Int[],
  pitch: I32,
  body: () => void,
) {
  f.while(rows, () => {
    body();
    for (const pointer of pointers) step(f, pointer, pitch);
    step(f, rows, i32.const(-1));
  });
}

/** What a row has in common: 1/count, its mean and 1/√(variance + ε). */
interface RowStatistics {
  readonly share: V128;
  readonly mean: V128 | undefined;
  readonly inverse: V128;
}

/** Statistics of a row about its mean, or about zero. */
function statistics(
  f: FunctionBuilder,
  x: I32,
  pitch: I32,
  share: V128,
  epsilon: V128,
  centred: boolean,
): RowStatistics {
  const load = (access: Access, at: I32, k: number) => access.load(i32.add(x, at), k);
  const mean = centred ? f.local("v128", mul(rowSum(f, pitch, load), share)) : undefined;
  const squares = rowSum(f, pitch, (access, at, k) => {
    const rest = f.local("v128", mean ? sub(load(access, at, k), mean) : load(access, at, k));
    return mul(rest, rest);
  });
  const root = v128.sqrt(add(mul(squares, share), epsilon));
  return { share, mean, inverse: f.local("v128", v128.div(v128.const(1), root)) };
}

/** 1/count in all lanes. */
const shareOf = (f: FunctionBuilder, count: I32): V128 =>
  f.local("v128", v128.div(v128.const(1), v128.fromI32(v128.splatI32(count))));

/** (x − mean) / √(variance + ε) at a place. */
function standard(
  { mean, inverse }: RowStatistics,
  x: I32,
  access: Access,
  at: I32,
  k: number,
): V128 {
  const value = access.load(i32.add(x, at), k);
  return mul(mean ? sub(value, mean) : value, inverse);
}

/**
 * Normalised rows times scale, plus shift where they are about their mean: parameters y, x, scale,
 * shift, rows, columns, ε.
 */
function rowNorm(centred: boolean): FunctionBuilder {
  const f = new FunctionBuilder();
  const [y, x, scale, shift, rows, columns] = integers(f, 6) as Six;
  const epsilon = f.parameter("f32");
  const [pitch, floor] = [f.local("i32", i32.shl(columns, i32.const(2))), splatOf(f, epsilon)];
  const share = shareOf(f, columns);
  eachRow(f, rows, [x, y], pitch, () => {
    const own = statistics(f, x, pitch, share, floor, centred);
    const each = (access: Access) => (at: I32, k: number) => {
      const scaled = mul(standard(own, x, access, at, k), access.load(i32.add(scale, at), k));
      const whole = centred ? add(scaled, access.load(i32.add(shift, at), k)) : scaled;
      f.emit(access.store(i32.add(y, at), whole, k));
    };
    sweep(f, pitch, each(VECTORS), (at) => each(SINGLES)(at, 0));
  });
  return f;
}

type Six = [Int, Int, Int, Int, Int, Int];
type Eight = [...Six, Int, Int];

const splatOf = (f: FunctionBuilder, value: Parameters<typeof v128.splat>[0]): V128 =>
  f.local("v128", v128.splat(value));

/**
 * The gradient of {@linkcode rowNorm} in x, and what rows add to those in scale and shift, which is
 * counted from zero: parameters dx, dy, x, scale, dscale, dshift, rows, columns, ε.
 */
function rowNormGrad(centred: boolean): FunctionBuilder {
  const f = new FunctionBuilder();
  const [dx, dy, x, scale, dscale, dshift, rows, columns] = integers(f, 8) as Eight;
  const epsilon = f.parameter("f32");
  const [pitch, floor] = [f.local("i32", i32.shl(columns, i32.const(2))), splatOf(f, epsilon)];
  const share = shareOf(f, columns);
  for (const sums of [dscale, dshift]) f.emit(memoryZero(sums, pitch));
  eachRow(f, rows, [dx, dy, x], pitch, () => {
    const own = statistics(f, x, pitch, share, floor, centred);
    const scaled = (access: Access, at: I32, k: number) =>
      mul(access.load(i32.add(dy, at), k), access.load(i32.add(scale, at), k));
    const mean = centred && f.local("v128", mul(rowSum(f, pitch, scaled), share));
    const product = (access: Access, at: I32, k: number) =>
      mul(scaled(access, at, k), standard(own, x, access, at, k));
    const along = f.local("v128", mul(rowSum(f, pitch, product), share));
    const each = (access: Access) => (at: I32, k: number) => {
      const h = f.local("v128", standard(own, x, access, at, k));
      const given = f.local("v128", access.load(i32.add(dy, at), k));
      const p = mul(given, access.load(i32.add(scale, at), k));
      const rest = sub(mean ? sub(p, mean) : p, mul(h, along));
      f.emit(access.store(i32.add(dx, at), mul(rest, own.inverse), k));
      const accumulate = (sums: I32, term: V128) =>
        f.emit(access.store(i32.add(sums, at), add(access.load(i32.add(sums, at), k), term), k));
      accumulate(dscale, mul(given, h));
      accumulate(dshift, given);
    };
    sweep(f, pitch, each(VECTORS), (at) => each(SINGLES)(at, 0), 2);
  });
  return f;
}

/** Turns (u, v) by an angle and hands both on. */
function turned(u: V128, v: V128, c: V128, s: V128): [V128, V128] {
  return [sub(mul(u, c), mul(v, s)), add(mul(v, c), mul(u, s))];
}

/** How pairs lie in a row: what is read and written at byte offset `at` of a table's row. */
interface Pairs {
  load(access: Access, x: I32, at: I32): [V128, V128];
  store(access: Access, y: I32, at: I32, pair: readonly [V128, V128]): readonly number[][];
}

/** u in the first half of a row, v in the second. */
const halves = (half: I32): Pairs => ({
  load: (access, x, at) => [
    access.load(i32.add(x, at), 0),
    access.load(i32.add(i32.add(x, half), at), 0),
  ],
  store: (access, y, at, [u, v]) => [
    [...access.store(i32.add(y, at), u, 0)],
    [...access.store(i32.add(i32.add(y, half), at), v, 0)],
  ],
});

/** u and v side by side. */
const neighbours = (f: FunctionBuilder): Pairs => {
  const twice = (at: I32) => i32.shl(at, i32.const(1));
  return {
    load(access, x, at) {
      const from = f.local("i32", i32.add(x, twice(at)));
      if (access === SINGLES) return [v128.load32Zero(from), v128.load32Zero(from, 4)];
      const a = f.local("v128", v128.load(from));
      const b = f.local("v128", v128.load(from, 16));
      return [v128.shuffle(a, b, words(0, 2, 4, 6)), v128.shuffle(a, b, words(1, 3, 5, 7))];
    },
    store(access, y, at, [u, v]) {
      const to = f.local("i32", i32.add(y, twice(at)));
      const [a, b] = [f.local("v128", u), f.local("v128", v)];
      if (access === SINGLES) {
        return [[...v128.storeLane0(to, a)], [...v128.storeLane0(i32.add(to, i32.const(4)), b)]];
      }
      return [
        [...v128.store(to, v128.shuffle(a, b, words(0, 4, 1, 5)))],
        [...v128.store(to, v128.shuffle(a, b, words(2, 6, 3, 7)), 16)],
      ];
    },
  };
};

/**
 * Turns the pairs of the rows of a sequence: parameters y, x, cos, sin, rows, pairs of a row, and 1,
 * or −1 to turn back.
 */
function rotary(pairs: (f: FunctionBuilder, half: I32) => Pairs): FunctionBuilder {
  const f = new FunctionBuilder();
  const [y, x, cos, sin, rows, count] = integers(f, 6) as Six;
  const sign = f.parameter("f32");
  const half = f.local("i32", i32.shl(count, i32.const(2)));
  const pitch = f.local("i32", i32.shl(half, i32.const(1)));
  const direction = splatOf(f, sign);
  const own = pairs(f, half);
  eachRow(f, rows, [x, y], pitch, () => {
    const each = (access: Access) => (at: I32, k: number) => {
      const place = k === 0 ? at : i32.add(at, i32.const(k));
      const [first, second] = own.load(access, x, place);
      const [u, v] = [f.local("v128", first), f.local("v128", second)];
      const c = f.local("v128", access.load(i32.add(cos, place), 0));
      const s = f.local("v128", mul(access.load(i32.add(sin, place), 0), direction));
      f.emit(...own.store(access, y, place, turned(u, v, c, s)));
    };
    sweep(f, half, each(VECTORS), (at) => each(SINGLES)(at, 0), 2);
    for (const table of [cos, sin]) step(f, table, half);
  });
  return f;
}

/** Copies rows of a table by number: parameters to, table, ids, count, columns. */
function gatherRows(): FunctionBuilder {
  return byNumber((f, row, line, pitch) => {
    const copy = (access: Access) => (at: I32, k: number) =>
      f.emit(access.store(i32.add(row, at), access.load(i32.add(line, at), k), k));
    sweep(f, pitch, copy(VECTORS), (at) => copy(SINGLES)(at, 0));
  });
}

/** Adds rows to those of a table by number, in their order: parameters rows, table, ids, count, columns. */
function scatterAddRows(): FunctionBuilder {
  return byNumber((f, row, line, pitch) => {
    const accumulate = (access: Access) => (at: I32, k: number) => {
      const sum = add(access.load(i32.add(line, at), k), access.load(i32.add(row, at), k));
      f.emit(access.store(i32.add(line, at), sum, k));
    };
    sweep(f, pitch, accumulate(VECTORS), (at) => accumulate(SINGLES)(at, 0));
  });
}

/** Runs `body` for each row with the row of a table that its number says. */
function byNumber(
  body: (f: FunctionBuilder, row: Int, line: Int, pitch: Int) => void,
): FunctionBuilder {
  const f = new FunctionBuilder();
  const [row, table, ids, count, columns] = integers(f, 5) as [Int, Int, Int, Int, Int];
  const pitch = f.local("i32", i32.shl(columns, i32.const(2)));
  eachRow(f, count, [row], pitch, () => {
    const line = f.local("i32", i32.add(table, i32.mul(i32.load(ids), pitch)));
    body(f, row, line, pitch);
    step(f, ids, i32.const(4));
  });
  return f;
}

/** Every kernel of this file by its exported name. */
export function sequenceKernels(): Record<string, FunctionBuilder> {
  return {
    layer_norm: rowNorm(true),
    rms_norm: rowNorm(false),
    layer_norm_grad: rowNormGrad(true),
    rms_norm_grad: rowNormGrad(false),
    "rotary_half-split": rotary((_, half) => halves(half)),
    "rotary_interleaved": rotary(neighbours),
    gather_rows: gatherRows(),
    scatter_add_rows: scatterAddRows(),
  };
}
