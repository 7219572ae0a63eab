/**
 * Factors between the order of files, outputs×rank and rank×inputs×window, and the one here.
 *
 * @module
 */

import { type Matrix, matrixOf } from "../../algebra/mod.ts";
import { type BaseModule, extentsOf, type TensorData } from "../../io/mod.ts";

/** rank×(inputs·window) to (window·inputs)×rank, where kernels have their inputs last. */
export function leftOf(right: Matrix, module: BaseModule): Matrix {
  const { inputs, window } = extentsOf(module);
  const pixels = window.reduce((n, d) => n * d, 1);
  return matrixOf(right.cols, right.rows, (row, k) => {
    const [pixel, input] = [Math.floor(row / inputs), row % inputs];
    return right.data[k * right.cols + input * pixels + pixel]!;
  });
}

/** The way back, as a file has it. */
export function leftStored(u: Matrix, module: BaseModule): TensorData {
  const { inputs, window } = extentsOf(module);
  const pixels = window.reduce((n, d) => n * d, 1);
  const data = new Float32Array(u.data.length);
  for (let row = 0; row < u.rows; row++) {
    const [pixel, input] = [Math.floor(row / inputs), row % inputs];
    for (let k = 0; k < u.cols; k++) {
      data[(k * inputs + input) * pixels + pixel] = u.data[row * u.cols + k]!;
    }
  }
  return { shape: [u.cols, inputs, ...window], data };
}

/** outputs×rank as a file has it. */
export function rightStored(v: Matrix, module: BaseModule): TensorData {
  const { window } = extentsOf(module);
  return { shape: [v.rows, v.cols, ...window.map(() => 1)], data: Float32Array.from(v.data) };
}

/** A number out of a state of float32: the shortest one that is the same there. */
export function shortest(value: number, of: (candidate: number) => number): number {
  const found = [6, 7, 8, 9].map((digits) => Number(value.toPrecision(digits)));
  return found.find((x) => Math.fround(of(x)) === Math.fround(of(value))) ?? value;
}
