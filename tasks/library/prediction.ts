/**
 * What a network answers.
 *
 * @module
 */

import { type Displayed, showsItself } from "./notebook.ts";

/** Examples that a printed prediction shows. */
const SHOWN = 6;

/**
 * Outputs of a network, the examples first.
 *
 * @example Outputs, example by example
 * ```ts
 * import { Prediction } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const prediction = new Prediction(Float32Array.of(1, 3, 2, 0), [2, 2]);
 * assertEquals(prediction.rows.map((row) => [...row]), [[1, 3], [2, 0]]);
 * assertEquals([...prediction.classes], [1, 0]);
 * ```
 */
export class Prediction {
  /** The numbers, row-major. */
  readonly data: Float32Array;
  /** Extents: the number of examples, then those of one output. */
  readonly shape: readonly number[];

  /** Keeps outputs. */
  constructor(data: Float32Array, shape: readonly number[]) {
    this.data = data;
    this.shape = shape;
  }

  /** The outputs of each example, as a view of the data. */
  get rows(): Float32Array[] {
    const [count] = this.shape;
    const size = this.data.length / count!;
    return Array.from({ length: count! }, (_, i) => this.data.subarray(i * size, (i + 1) * size));
  }

  /** The place of the largest output of each example: its class. */
  get classes(): Int32Array {
    return Int32Array.from(this.rows, (row) => row.indexOf(Math.max(...row)));
  }

  /** The first outputs. */
  toString(): string {
    const lines = this.rows.slice(0, SHOWN).map((row) => {
      const numbers = [...row.subarray(0, SHOWN)].map((value) => value.toPrecision(4));
      return [...numbers, ...(row.length > SHOWN ? ["…"] : [])].join("  ");
    });
    const rest = this.shape[0]! > SHOWN ? ["…"] : [];
    return [`Prediction [${this.shape}]`, ...lines, ...rest].join("\n");
  }

  static {
    showsItself(this, (p): Promise<Displayed> => Promise.resolve({ "text/plain": p.toString() }));
  }
}
