/**
 * What is learnt from arrays: which task they mean, and what is kept back to measure on.
 *
 * @module
 */

import {
  autoencoding,
  batchArrays,
  checkInteger,
  classification,
  type Column,
  type Examples,
  examplesOf,
  fillBatch,
  Random,
  regression,
  type Task,
} from "../../core/mod.ts";
import { type Arrays, columnOf, examples, examplesIn, isFloat } from "./numbers.ts";

/** Whether something is a task, and not arrays. */
export function isTask(learnt: Task | Arrays): learnt is Task {
  return typeof (learnt as Task).loss === "function";
}

/** Examples and what is to be learnt from them. */
export interface Meaning {
  /** The examples, with `y` as the task wants it. */
  readonly examples: Examples;
  /** Makes the task. */
  task(train: Examples, test: Examples): Task;
}

/**
 * Refuses arrays from which no task follows.
 *
 * @throws {RangeError} When they are not x alone, or x and y with as many examples.
 */
export function requireArrays(action: string, arrays: Arrays): void {
  const odd = Object.keys(arrays).find((name) => name !== "x" && name !== "y");
  if (!("x" in arrays) || odd !== undefined) {
    throw new RangeError(
      `Cannot ${action}: expected arrays x and y, got ` +
        `${Object.keys(arrays).join(", ") || "none"}; other parts need a task`,
    );
  }
  examples(arrays);
}

/**
 * What arrays mean for a network: `x` alone, to give the inputs back; `y` with one whole number
 * per example for a network with several outputs, its classes; any other `y`, numbers.
 *
 * @param outputs Extents of the outputs of one example.
 * @throws {RangeError} When the network cannot have such outputs.
 */
export function meaningOf(action: string, arrays: Arrays, outputs: readonly number[]): Meaning {
  const x = columnOf("x", arrays.x!);
  if (arrays.y === undefined) {
    expectSizes(action, x, outputs, "x");
    return { examples: examplesIn({ x }), task: (train, test) => autoencoding({ train, test }) };
  }
  const y = columnOf("y", arrays.y);
  const [classes] = outputs;
  if (outputs.length === 1 && classes! > 1 && sizeOf(y.shape) === 1) {
    const labels = { data: labelsIn(action, y, classes!), shape: [] };
    const task: Meaning["task"] = (train, test) =>
      classification({ train, test, classes: classes! });
    return { examples: examplesIn({ x, y: labels }), task };
  }
  expectSizes(action, y, outputs, "y");
  const targets = isFloat(y) ? y : { ...y, data: Float32Array.from(y.data) };
  return {
    examples: examplesIn({ x, y: targets }),
    task: (train, test) => regression({ train, test }),
  };
}

function labelsIn(action: string, { data }: Column, classes: number): Int32Array {
  const odd = data.findIndex((label: number) =>
    !Number.isInteger(label) || label < 0 || label >= classes
  );
  if (odd < 0) return Int32Array.from(data);
  throw new RangeError(
    `Cannot ${action}: expected classes from 0 to ${classes - 1} in y, or ${classes} numbers per ` +
      `example, as the network has ${classes} outputs, got ${data[odd]} at position ${odd}`,
  );
}

function expectSizes(action: string, { shape }: Column, outputs: readonly number[], name: string) {
  if (sizeOf(shape) === sizeOf(outputs)) return;
  throw new RangeError(
    `Cannot ${action}: expected as many numbers per example in ${name} as the network has ` +
      `outputs, ${sizeOf(outputs)}, got ${sizeOf(shape)}`,
  );
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((n, d) => n * d, 1);
}

/**
 * Arrays with the parts of examples that are known.
 *
 * @throws {RangeError} When a part is missing or has another shape.
 */
export function examplesLike(action: string, arrays: Arrays, { columns }: Examples): Examples {
  const parts = Object.entries(columns).map(([name, like]) => {
    const numbers = arrays[name];
    if (numbers === undefined) {
      throw new RangeError(`Cannot ${action}: expected ${Object.keys(columns)}, got no ${name}`);
    }
    const column = columnOf(name, numbers, like);
    if (sizeOf(column.shape) !== sizeOf(like.shape)) {
      throw new RangeError(
        `Cannot ${action}: expected examples of shape [${like.shape}] in ${name}, ` +
          `got [${column.shape}]`,
      );
    }
    return [name, { ...column, shape: like.shape }] as const;
  });
  return examplesIn(Object.fromEntries(parts));
}

/**
 * Parts examples at random.
 *
 * @param held How many are kept back, at least 0; with 0 both parts are all of them.
 */
export function parted(
  examples: Examples,
  held: number,
  seed: number,
): { train: Examples; test: Examples } {
  const { count } = examples;
  checkInteger("keep examples back", "their number", held, { least: 0, most: count - 1 });
  if (held === 0) return { train: examples, test: examples };
  const order = new Random(seed).fork("held-out").permutation(count);
  return {
    train: chosen(examples, order.subarray(held)),
    test: chosen(examples, order.subarray(0, held)),
  };
}

function chosen(examples: Examples, indices: Uint32Array): Examples {
  const arrays = batchArrays(examples, indices.length);
  fillBatch(examples, indices, arrays);
  const columns = Object.entries(examples.columns).map(([name, { shape }]) =>
    [name, { data: arrays[name]!, shape }] as const
  );
  return examplesOf(Object.fromEntries(columns), indices.length);
}
