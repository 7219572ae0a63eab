/**
 * Softmax and cross-entropy over the rows of a matrix.
 *
 * @module
 */

import {
  exp,
  f32,
  FunctionBuilder,
  type I32,
  i32,
  type Local,
  memoryZero,
  type V128,
  v128,
} from "../../wasm/mod.ts";
import { sweep } from "./elementwise.ts";
import { acrossLanes } from "./lanes.ts";

/** Largest element of a row, in all lanes. */
function rowMaximum(f: FunctionBuilder, row: I32, pitch: I32): Local<"v128"> {
  const largest = f.local("v128", v128.load32Splat(row));
  sweep(
    f,
    pitch,
    (at, offset) => f.emit(largest.set(v128.max(largest, v128.load(i32.add(row, at), offset)))),
    (at) => f.emit(largest.set(v128.max(largest, v128.load32Splat(i32.add(row, at))))),
  );
  return acrossLanes(f, largest, v128.max);
}

/**
 * Σ e^(x − maximum) over a row, in all lanes; `each` sees every exponential with its offset, once
 * as four lanes and once, for the last elements, in lane 0.
 */
function rowExponentials(
  f: FunctionBuilder,
  row: I32,
  pitch: I32,
  maximum: V128,
  each: (e: V128, at: Local<"i32">, offset: number | undefined) => void,
): Local<"v128"> {
  const [lanes, single] = [f.local("v128", v128.const(0)), f.local("v128", v128.const(0))];
  sweep(f, pitch, (at, offset) => {
    const e = exp(f, v128.sub(v128.load(i32.add(row, at), offset), maximum));
    f.emit(lanes.set(v128.add(lanes, e)));
    each(e, at, offset);
  }, (at) => {
    const e = exp(f, v128.sub(v128.load32Splat(i32.add(row, at)), maximum));
    f.emit(single.set(v128.add(single, e)));
    each(e, at, undefined);
  });
  const sum = acrossLanes(f, lanes, v128.add);
  return f.local("v128", v128.add(sum, single));
}

/**
 * For each row Σ e^(x − max) and max − x[label], as two float32: parameters out, logits, labels,
 * rows, classes. A row with a negative label is not looked at: 1 and 0.
 */
function crossEntropyTerms(): FunctionBuilder {
  const f = new FunctionBuilder();
  const [out, logits, labels, rows, classes] = [0, 1, 2, 3, 4].map(() =>
    f.parameter("i32")
  ) as Five;
  const pitch = f.local("i32", i32.shl(classes, i32.const(2)));
  const r = f.local("i32", i32.const(0));
  f.while(i32.ltU(r, rows), () => {
    const row = f.local("i32", i32.add(logits, i32.mul(r, pitch)));
    const to = f.local("i32", i32.add(out, i32.shl(r, i32.const(3))));
    const store = (sum: V128, rest: V128) => {
      f.emit(f32.store(to, v128.lane(sum, 0)));
      f.emit(f32.store(i32.add(to, i32.const(4)), v128.lane(rest, 0)));
    };
    const label = f.local("i32", i32.load(i32.add(labels, i32.shl(r, i32.const(2)))));
    f.if(i32.ltS(label, i32.const(0)), () => store(v128.const(1), v128.const(0)), () => {
      const maximum = rowMaximum(f, row, pitch);
      const sum = rowExponentials(f, row, pitch, maximum, () => {});
      const chosen = v128.load32Splat(i32.add(row, i32.shl(label, i32.const(2))));
      store(sum, v128.sub(maximum, chosen));
    });
    f.emit(r.set(i32.add(r, i32.const(1))));
  });
  return f;
}

type Five = [Local<"i32">, Local<"i32">, Local<"i32">, Local<"i32">, Local<"i32">];

/** Scales a row in place by all lanes of `factor`. */
function scaleRow(f: FunctionBuilder, row: I32, pitch: I32, factor: V128): void {
  sweep(
    f,
    pitch,
    (at, offset) => {
      const x = v128.load(i32.add(row, at), offset);
      f.emit(v128.store(i32.add(row, at), v128.mul(x, factor), offset));
    },
    (at) => {
      const x = v128.load32Zero(i32.add(row, at));
      f.emit(v128.storeLane0(i32.add(row, at), v128.mul(x, factor)));
    },
  );
}

/**
 * factor · (softmax(logits) − one-hot(labels)), zeros where a label is negative: parameters out,
 * logits, labels, factor, rows, classes.
 */
function crossEntropyGrad(): FunctionBuilder {
  const f = new FunctionBuilder();
  const [out, logits, labels] = [0, 1, 2].map(() => f.parameter("i32")) as Five;
  const factor = f.parameter("f32");
  const [rows, classes] = [0, 1].map(() => f.parameter("i32")) as Five;
  const pitch = f.local("i32", i32.shl(classes, i32.const(2)));
  const scale = f.local("v128", v128.splat(factor));
  const r = f.local("i32", i32.const(0));
  f.while(i32.ltU(r, rows), () => {
    const row = f.local("i32", i32.add(logits, i32.mul(r, pitch)));
    const to = f.local("i32", i32.add(out, i32.mul(r, pitch)));
    const label = f.local("i32", i32.load(i32.add(labels, i32.shl(r, i32.const(2)))));
    f.if(i32.ltS(label, i32.const(0)), () => f.emit(memoryZero(to, pitch)), () => {
      const sum = rowExponentials(f, row, pitch, rowMaximum(f, row, pitch), (e, at, offset) => {
        const address = i32.add(to, at);
        f.emit(offset === undefined ? v128.storeLane0(address, e) : v128.store(address, e, offset));
      });
      scaleRow(f, to, pitch, f.local("v128", v128.div(scale, sum)));
      const hot = f.local("i32", i32.add(to, i32.shl(label, i32.const(2))));
      f.emit(v128.storeLane0(hot, v128.sub(v128.load32Zero(hot), scale)));
    });
    f.emit(r.set(i32.add(r, i32.const(1))));
  });
  return f;
}

/** Every kernel of this file by its exported name. */
export function lossKernels(): Record<string, FunctionBuilder> {
  return { cross_entropy_terms: crossEntropyTerms(), cross_entropy_grad: crossEntropyGrad() };
}
