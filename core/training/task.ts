/**
 * What is learnt: batches, a loss that the engine differentiates, and measures with a direction.
 *
 * @module
 */

import type { Engine, Tensor } from "../backend/mod.ts";
import type { Examples, ImageAugmentation } from "../data/mod.ts";
import type { Random } from "../random.ts";

/** A batch on the engine: its parts by name, the batch first in their shapes. */
export type Batch = Readonly<Record<string, Tensor>>;

/** A value with the transpose of the derivative there. */
export interface Linearised {
  /** The value. */
  readonly y: Tensor;
  /** ⟨cotangent, dy/dx⟩, in the shape of x; may be differentiated in the weights. */
  pullback(cotangent: Tensor): Tensor;
}

/** A network at the weights of one pass: what losses and measures are functions of. */
export interface Model {
  /** The engine that runs it. */
  readonly engine: Engine;
  /** Whether gradients will be asked for: layers such as dropout differ. */
  readonly training: boolean;
  /** The forward map; a loss may take it several times. */
  forward(x: Tensor, ...others: Tensor[]): Tensor;
  /**
   * The forward map with its derivative in the input.
   *
   * @throws {Error} When a layer offers none.
   */
  linearise(x: Tensor): Linearised;
}

/**
 * A network at fixed weights.
 *
 * @example Examples that are moved along the derivative before they are learnt
 * ```ts
 * import {
 *   type Batch, examples, fit, type Linearised, type NetworkAt, perceptron, regression, type
 *   Task,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const data = examples({ x: [[0], [1], [2]], y: [[0], [1], [2]] });
 * let slopes = 0;
 * const task: Task = {
 *   ...regression({ train: data, test: data }),
 *   prepare(at: NetworkAt, batch: Batch): Promise<Batch> {
 *     const model = at.open();
 *     const { y, pullback }: Linearised = model.linearise(batch.x!);
 *     slopes = pullback(at.engine.fill(y.shape, 1)).size;
 *     model.dispose();
 *     return Promise.resolve(batch);
 *   },
 * };
 * using _model = await fit(perceptron({ sizes: [1, 1] }), task, { epochs: 1, backend: "cpu" });
 * assertEquals(slopes, 3);
 * ```
 */
export interface NetworkAt {
  /** What runs it. */
  readonly engine: Engine;
  /** Begins an evaluation as it is outside of training; the caller disposes it. */
  open(): Model & { dispose(): void };
}

/** A number that says how good a network is. */
export interface Measure {
  /** Name, such as "accuracy". */
  readonly name: string;
  /** Whether more of it is better, or less. */
  readonly better: "more" | "less";
  /** Whether people read it in percent; default false. */
  readonly percent?: boolean;
}

/** How good a network is on some examples. */
export interface Measurement {
  /** Mean loss. */
  readonly loss: number;
  /** Values of the task's measures by name. */
  readonly values: Readonly<Record<string, number>>;
  /** Examples by true class (row) and predicted class (column), of classifications. */
  readonly confusion?: readonly (readonly number[])[];
}

/** Takes a measurement batch by batch. */
export interface Meter {
  /**
   * What was seen, as numbers that add up over batches, of which the result is formed: several
   * processes measure a part each, and put the sums in their place. Absent: each measures all.
   */
  readonly sums?: Float64Array;
  /** Looks at one batch; tensors belong to the innermost scope. */
  add(model: Model, batch: Batch): Promise<void>;
  /** What was seen. */
  result(): Measurement;
}

/**
 * What is learnt.
 *
 * @example A loss of one's own: a line that is to be steep
 * ```ts
 * import {
 *   type Batch, examples, fit, type Measure, type Measurement, type Meter, type Model,
 *   perceptron, type Task, type Tensor,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const measure: Measure = { name: "seen", better: "more" };
 * const loss = (model: Model, { x }: Batch): Tensor => model.engine.sum(model.forward(x!));
 * function meter(): Meter {
 *   let seen = 0;
 *   return {
 *     add: (_model, { x }) => Promise.resolve(void (seen += x!.shape[0]!)),
 *     result: (): Measurement => ({ loss: 0, values: { seen } }),
 *   };
 * }
 * const data = examples({ x: [1, 2, 3] });
 * const task: Task = { name: "own", train: data, test: data, measures: [measure], loss, meter };
 * using model = await fit(perceptron({ sizes: [1, 1] }), task, { epochs: 1, backend: "cpu" });
 * assertEquals(model.test!.values, { seen: 3 });
 * ```
 */
export interface Task {
  /** For people: "classification". */
  readonly name: string;
  /** What to train on. */
  readonly train: Examples;
  /** What to measure on. */
  readonly test: Examples;
  /** Random changes of the training images; default none. */
  readonly augmentation?: ImageAugmentation;
  /** The measures; early stopping, tables and sweeps go by the first. */
  readonly measures: readonly [Measure, ...Measure[]];
  /**
   * The batch that a step sees, made once before its first evaluation; default: as it comes.
   *
   * @param batch As it comes from the data; it stays the caller's.
   * @param random A stream of this step's own.
   * @returns Tensors of the innermost scope.
   */
  prepare?(at: NetworkAt, batch: Batch, random: Random): Promise<Batch>;
  /** Mean loss over the batch, a scalar; the engine differentiates it. */
  loss(model: Model, batch: Batch): Tensor;
  /** Begins a measurement. */
  meter(): Meter;
}

/** Whether the first value of a measure is better than the second. */
export function isBetter({ better }: Measure, value: number, than: number): boolean {
  return better === "more" ? value > than : value < than;
}

/** Means over examples of what functions of a batch say; "loss" must be among them. */
export function meanMeter(
  means: Readonly<Record<string, (model: Model, batch: Batch) => Tensor>>,
  last: (means: Readonly<Record<string, number>>) => Readonly<Record<string, number>>,
): Meter {
  const names = Object.keys(means);
  /** One for each name, and the number of examples. */
  const sums = new Float64Array(names.length + 1);
  return {
    sums,
    async add(model, batch) {
      const size = Object.values(batch)[0]!.shape[0]!;
      sums[names.length]! += size;
      for (const [i, name] of names.entries()) {
        const [value] = await model.engine.read(means[name]!(model, batch));
        sums[i]! += size * value!;
      }
    },
    result() {
      const count = sums[names.length]!;
      const found = Object.fromEntries(names.map((name, i) => [name, sums[i]! / count]));
      return { loss: found.loss!, values: last(found) };
    },
  };
}
