/**
 * What attention does with a tile of scores between its products: the softmax that has not seen all
 * keys yet, and the derivative of the scores.
 *
 * @module
 */

import {
  expBelow,
  FunctionBuilder,
  type I32,
  i32,
  memoryZero,
  type MultiplyAdd,
  rounded,
  type V128,
  v128,
} from "../../wasm/mod.ts";
import { HIDDEN, HIDDEN_BELOW } from "../tfjs/hidden.ts";
import { sweep } from "./elementwise.ts";
import { type Access, acrossLanes, type Int, integers, SINGLES, step, VECTORS } from "./lanes.ts";

const { add, sub, mul } = v128;

/** What is added to the scores of a row: nothing, a number for each key, or one for all keys. */
const BIASES = ["none", "each", "same"] as const;
/** Whether keys may be hidden. */
const MASKS = ["open", "masked"] as const;

/** What there is beside the products. */
interface Terms {
  readonly bias: typeof BIASES[number];
  readonly mask: typeof MASKS[number];
}

/** The name of a function by what there is: -1 for no bias, else the bytes from key to key. */
export function termsName(prefix: string, biasColumn: number, masked: boolean): string {
  const bias = biasColumn < 0 ? "none" : biasColumn > 0 ? "each" : "same";
  return `${prefix}_${bias}_${masked ? "masked" : "open"}`;
}

/** A row of a tile with what belongs to it. */
interface Row {
  /** Address of the scores. */
  readonly line: Int;
  /** Address of the bias. */
  readonly bias: Int;
  /** Address of the mask. */
  readonly mask: Int;
  /** c, in all lanes. */
  readonly scale: V128;
}

/** What functions of this file are assembled with. */
interface Setting extends Terms {
  readonly f: FunctionBuilder;
  readonly multiplyAdd: MultiplyAdd;
}

/** c s + bias, or the score of a hidden key. */
function scoreLanes(
  { f, bias, mask, multiplyAdd }: Setting,
  row: Row,
  access: Access,
  at: I32,
  k: number,
): V128 {
  const s = access.load(i32.add(row.line, at), k);
  const own = bias === "same" ? v128.load32Splat(row.bias) : access.load(i32.add(row.bias, at), k);
  const whole = bias === "none" ? mul(s, row.scale) : multiplyAdd(s, row.scale, own);
  if (mask === "open") return whole;
  const seen = v128.gt(access.load(i32.add(row.mask, at), k), v128.const(0));
  return v128.bitselect(whole, f.constant(HIDDEN), seen);
}

/** e^(score − m), exactly zero for hidden keys; a NaN stays one. `negative` is −m. */
function weightLanes(
  setting: Setting,
  row: Row,
  negative: V128,
  access: Access,
  at: I32,
  k: number,
): V128 {
  const { f, bias, mask, multiplyAdd } = setting;
  if (bias === "none" && mask === "open") {
    const s = access.load(i32.add(row.line, at), k);
    return expBelow(f, multiplyAdd(s, row.scale, negative), multiplyAdd);
  }
  const score = f.local("v128", scoreLanes(setting, row, access, at, k));
  const weight = expBelow(f, add(score, negative), multiplyAdd);
  return v128.andnot(weight, v128.lt(score, f.constant(HIDDEN_BELOW)));
}

/** Runs `body` for each row; `seen` keys are visible to it, `end` is that in bytes of the tile. */
function eachRow(
  f: FunctionBuilder,
  [rows, columns, seen, more]: readonly I32[],
  body: (end: Int, whole: Int) => void,
): void {
  const left = f.local("i32", rows!);
  const visible = f.local("i32", seen!);
  const whole = f.local("i32", i32.shl(columns!, i32.const(2)));
  f.while(left, () => {
    const end = f.local("i32", i32.shl(visible, i32.const(2)));
    f.if(i32.ltS(visible, i32.const(0)), () => f.emit(end.set(i32.const(0))));
    f.if(i32.ltS(columns!, visible), () => f.emit(end.set(whole)));
    body(end, whole);
    step(f, visible, more!);
    step(f, left, i32.const(-1));
  });
}

/** Zeros from `end` to the end of the row. */
function hideRest(f: FunctionBuilder, line: I32, end: I32, whole: I32): void {
  f.emit(memoryZero(i32.add(line, end), i32.sub(whole, end)));
}

/** Multiplies a row in place. */
function scaleRow(f: FunctionBuilder, line: I32, width: I32, factor: V128): void {
  const multiply = (access: Access) => (at: I32, k: number) =>
    f.emit(access.store(
      i32.add(line, at),
      mul(access.load(i32.add(line, at), k), factor),
      k,
    ));
  sweep(f, width, multiply(VECTORS), (at) => multiply(SINGLES)(at, 0));
}

/**
 * Turns scores s into weights e^(c s + bias − m) with m the largest of the row so far, adds them to
 * the sum of the row and fits what was summed before to the new m. Parameters: s, rows, columns,
 * bytes from row to row, c, bias, its bytes from row to row, mask, keys that the first row sees,
 * how many more the next row sees, (m, sum) of each row, output and its columns (0: none yet).
 */
function softmaxTile(terms: Terms, multiplyAdd: MultiplyAdd): FunctionBuilder {
  const f = new FunctionBuilder();
  const [line, rows, columns, pitch] = integers(f, 4) as [Int, Int, Int, Int];
  const factor = f.parameter("f32");
  const [bias, biasPitch, mask, seen, more, stats, out, outColumns] = integers(f, 8) as [
    ...[Int, Int, Int, Int],
    ...[Int, Int, Int, Int],
  ];
  const setting = { ...terms, f, multiplyAdd };
  const row: Row = { line, bias, mask, scale: f.local("v128", v128.splat(factor)) };
  const outPitch = f.local("i32", i32.shl(outColumns, i32.const(2)));
  eachRow(f, [rows, columns, seen, more], (end, whole) => {
    const before = f.local("v128", v128.load32Splat(stats));
    const after = f.local("v128", largestScore(setting, row, end, before));
    const sum = weigh(setting, row, end, after);
    hideRest(f, line, end, whole);
    const shrink = f.local("v128", expBelow(f, sub(before, after), multiplyAdd));
    const total = add(mul(v128.load32Splat(stats, 4), shrink), sum);
    f.emit(v128.storeLane0(i32.add(stats, i32.const(4)), total));
    f.emit(v128.storeLane0(stats, after));
    scaleRow(f, out, outPitch, shrink);
    step(f, line, pitch);
    step(f, bias, biasPitch);
    step(f, stats, i32.const(8));
    step(f, out, outPitch);
  });
  return f;
}

/** Vectors that a loop over a row has in hand at a time, each with a sum of its own. */
const LANES = 4;

/** Largest score of a row and of those before, in all lanes; a NaN is left to the sums. */
function largestScore(setting: Setting, row: Row, end: I32, before: V128): V128 {
  const { f } = setting;
  const largest = Array.from({ length: LANES }, () => f.local("v128", before));
  sweep(f, end, (at, k) => {
    const most = largest[k / 16 % LANES]!;
    f.emit(most.set(v128.pmax(most, scoreLanes(setting, row, VECTORS, at, k))));
  }, (at) => {
    const score = scoreLanes(setting, row, SINGLES, at, 0);
    f.emit(largest[0]!.set(v128.pmax(largest[0]!, v128.splat(v128.lane(score, 0)))));
  }, LANES);
  return acrossLanes(f, largest.reduce<V128>((a, b) => v128.pmax(a, b), before), v128.pmax);
}

/** Writes e^(score − m) over the scores; their sum, in all lanes. */
function weigh(setting: Setting, row: Row, end: I32, most: V128): V128 {
  const { f } = setting;
  const negative = f.local("v128", v128.neg(most));
  const sums = Array.from({ length: LANES }, () => f.local("v128", v128.const(0)));
  const single = f.local("v128", v128.const(0));
  const weight = (access: Access, at: I32, k: number) => {
    const kept = f.local("v128", weightLanes(setting, row, negative, access, at, k));
    f.emit(access.store(i32.add(row.line, at), kept, k));
    return kept;
  };
  sweep(f, end, (at, k) => {
    const sum = sums[k / 16 % LANES]!;
    f.emit(sum.set(add(sum, weight(VECTORS, at, k))));
  }, (at) => {
    const kept = weight(SINGLES, at, 0);
    f.emit(single.set(add(single, v128.splat(v128.lane(kept, 0)))));
  }, LANES);
  return f.local(
    "v128",
    add(acrossLanes(f, sums.reduce<V128>((a, b) => add(a, b), v128.const(0)), add), single),
  );
}

/** No key was seen yet: parameters (m, sum) of each row, rows. */
function softmaxStart(): FunctionBuilder {
  const f = new FunctionBuilder();
  const [stats, rows] = integers(f, 2) as [Int, Int];
  f.while(rows, () => {
    f.emit(v128.storeLane0(stats, v128.const(HIDDEN)));
    f.emit(v128.storeLane0(i32.add(stats, i32.const(4)), v128.const(0)));
    step(f, stats, i32.const(8));
    step(f, rows, i32.const(-1));
  });
  return f;
}

/**
 * Divides rows by their sums, and leaves 1/sum in the place of the sum; 0 where it is zero, as no
 * key was seen. Parameters: output, its columns, rows, (m, sum) of each row.
 */
function softmaxEnd(): FunctionBuilder {
  const f = new FunctionBuilder();
  const [out, columns, rows, stats] = integers(f, 4) as [Int, Int, Int, Int];
  const pitch = f.local("i32", i32.shl(columns, i32.const(2)));
  f.while(rows, () => {
    const sum = f.local("v128", v128.load32Splat(stats, 4));
    const share = v128.div(v128.const(1), sum);
    const inverse = f.local("v128", v128.andnot(share, v128.eq(sum, v128.const(0))));
    scaleRow(f, out, pitch, inverse);
    f.emit(v128.storeLane0(i32.add(stats, i32.const(4)), inverse));
    step(f, out, pitch);
    step(f, stats, i32.const(8));
    step(f, rows, i32.const(-1));
  });
  return f;
}

/**
 * Turns scores s into P = e^(c s + bias − m)/sum and dP into a P ∘ (dP − D). Parameters: s, dP,
 * rows, columns, bytes from row to row, c, a, bias, its bytes from row to row, mask, keys that the
 * first row sees, how many more the next row sees, (m, 1/sum) of each row, D of each row.
 */
function slopeTile(terms: Terms, multiplyAdd: MultiplyAdd): FunctionBuilder {
  const f = new FunctionBuilder();
  const [line, slopes, rows, columns, pitch] = integers(f, 5) as [Int, Int, Int, Int, Int];
  const [scale, factor] = [f.parameter("f32"), f.parameter("f32")];
  const [bias, biasPitch, mask, seen, more, stats, own] = integers(f, 7) as [
    ...[Int, Int, Int, Int],
    ...[Int, Int, Int],
  ];
  const setting = { ...terms, f, multiplyAdd };
  const row: Row = { line, bias, mask, scale: f.local("v128", v128.splat(scale)) };
  const a = f.local("v128", v128.splat(factor));
  eachRow(f, [rows, columns, seen, more], (end, whole) => {
    const negative = f.local("v128", v128.neg(v128.load32Splat(stats)));
    const share = f.local("v128", v128.load32Splat(stats, 4));
    const mean = f.local("v128", v128.load32Splat(own));
    const each = (access: Access) => (at: I32, k: number) => {
      const weight = weightLanes(setting, row, negative, access, at, k);
      const p = f.local("v128", mul(weight, share));
      f.emit(access.store(i32.add(line, at), p, k));
      const to = i32.add(slopes, at);
      f.emit(access.store(to, mul(mul(p, sub(access.load(to, k), mean)), a), k));
    };
    sweep(f, end, each(VECTORS), (at) => each(SINGLES)(at, 0));
    hideRest(f, line, end, whole);
    hideRest(f, slopes, end, whole);
    for (const pointer of [line, slopes]) step(f, pointer, pitch);
    step(f, bias, biasPitch);
    step(f, stats, i32.const(8));
    step(f, own, i32.const(4));
  });
  return f;
}

/** Σ a ∘ b of each row: parameters to, a, b, rows, columns. */
function rowDots(): FunctionBuilder {
  const f = new FunctionBuilder();
  const [to, a, b, rows, columns] = integers(f, 5) as [Int, Int, Int, Int, Int];
  const pitch = f.local("i32", i32.shl(columns, i32.const(2)));
  f.while(rows, () => {
    const lanes = f.local("v128", v128.const(0));
    const each = (access: Access) => (at: I32, k: number) =>
      f.emit(lanes.set(add(
        lanes,
        mul(access.load(i32.add(a, at), k), access.load(i32.add(b, at), k)),
      )));
    sweep(f, pitch, each(VECTORS), (at) => each(SINGLES)(at, 0));
    f.emit(v128.storeLane0(to, acrossLanes(f, lanes, add)));
    for (const line of [a, b]) step(f, line, pitch);
    step(f, to, i32.const(4));
    step(f, rows, i32.const(-1));
  });
  return f;
}

/**
 * Adds the sum of each row to a number: parameters to, bytes from number to number, from, rows,
 * columns, bytes from row to row.
 */
function addRowSums(): FunctionBuilder {
  const f = new FunctionBuilder();
  const [to, toPitch, from, rows, columns, pitch] = integers(f, 6) as [
    ...[Int, Int, Int],
    ...[Int, Int, Int],
  ];
  const width = f.local("i32", i32.shl(columns, i32.const(2)));
  f.while(rows, () => {
    const lanes = f.local("v128", v128.load32Zero(to));
    const each = (access: Access) => (at: I32, k: number) =>
      f.emit(lanes.set(add(lanes, access.load(i32.add(from, at), k))));
    sweep(f, width, each(VECTORS), (at) => each(SINGLES)(at, 0));
    f.emit(v128.storeLane0(to, acrossLanes(f, lanes, add)));
    step(f, to, toPitch);
    step(f, from, pitch);
    step(f, rows, i32.const(-1));
  });
  return f;
}

/** A function for each combination of terms. */
function perTerms(
  prefix: string,
  make: (terms: Terms) => FunctionBuilder,
): Record<string, FunctionBuilder> {
  const all = BIASES.flatMap((bias) => MASKS.map((mask): Terms => ({ bias, mask })));
  return Object.fromEntries(all.map((t) => [`${prefix}_${t.bias}_${t.mask}`, make(t)]));
}

/**
 * Every kernel of this file by its exported name.
 *
 * @param fused Whether to use the fused multiply-add of relaxed SIMD.
 */
export function attentionKernels(fused: boolean): Record<string, FunctionBuilder> {
  const multiplyAdd = fused ? v128.relaxedMadd : rounded;
  return {
    ...perTerms("softmax_tile", (terms) => softmaxTile(terms, multiplyAdd)),
    ...perTerms("slope_tile", (terms) => slopeTile(terms, multiplyAdd)),
    softmax_start: softmaxStart(),
    softmax_end: softmaxEnd(),
    row_dots: rowDots(),
    add_row_sums: addRowSums(),
  };
}
