/**
 * The cross-entropy of logits, row by row: no tensor of the size of the logits but their gradient.
 *
 * @module
 */

import { IGNORED } from "../tfjs/checks.ts";
import { KERNEL } from "../tfjs/names.ts";
import type { TensorInfo } from "../tfjs/types.ts";
import {
  address,
  type Call,
  type HeapContext,
  kernel,
  type Kernels,
  output,
  sizeOf,
  withScratch,
} from "./context.ts";
import { scalar } from "./elementwise.ts";
import { rowRanges } from "./ranges.ts";

/** Kernels of this file. */
export function lossKernels(c: HeapContext): Kernels {
  return {
    [KERNEL.crossEntropy]: kernel((call) => crossEntropy(c, call)),
    [KERNEL.crossEntropyGrad]: kernel((call) => crossEntropyGrad(c, call)),
  };
}

/** How many labels count, or 1. */
function counted(c: HeapContext, labels: TensorInfo): number {
  const at = address(c, labels) / 4;
  const all = c.heap.backend.wasm.HEAP32.subarray(at, at + sizeOf(labels.shape));
  return Math.max(1, all.reduce((n, label) => label === IGNORED ? n : n + 1, 0));
}

function crossEntropy(c: HeapContext, { inputs: { logits, labels } }: Call): TensorInfo {
  const [rows, classes] = [sizeOf(labels!.shape), logits!.shape.at(-1)!];
  const [from, classesAt] = [address(c, logits!), address(c, labels!)];
  return withScratch(c, 8 * rows, (terms) => {
    const pieces = rowRanges(c.team.threads, rows, classes).map(([first, count]) => [
      terms + 8 * first,
      from + 4 * first * classes,
      classesAt + 4 * first,
      count,
      classes,
    ]);
    c.team.run("cross-entropy", pieces);
    const values = c.heap.backend.wasm.HEAPF32.subarray(terms / 4, terms / 4 + 2 * rows);
    let loss = 0;
    for (let r = 0; r < rows; r++) loss += Math.log(values[2 * r]!) + values[2 * r + 1]!;
    return scalar(c, loss / counted(c, labels!));
  });
}

function crossEntropyGrad(c: HeapContext, { inputs: { logits, labels, dy } }: Call): TensorInfo {
  const [rows, classes] = [sizeOf(labels!.shape), logits!.shape.at(-1)!];
  const given = c.heap.backend.wasm.HEAPF32[address(c, dy!) / 4]!;
  const factor = given / counted(c, labels!);
  const d = output(c, logits!.shape);
  const [to, from, classesAt] = [d, logits!, labels!].map((t) => address(c, t)) as Three;
  const pieces = rowRanges(c.team.threads, rows, classes).map(([first, count]) => {
    const at = 4 * first * classes;
    return [to + at, from + at, classesAt + 4 * first, factor, count, classes];
  });
  c.team.run("cross-entropy-grad", pieces);
  return d;
}

type Three = [number, number, number];
