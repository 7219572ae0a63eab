/**
 * How far an operator is from the exact one.
 *
 * @module
 */

import type { Matrix } from "../../../core/mod.ts";
import { integrals, type VelocityNodes } from "./nodes.ts";

/** Mean over rows of ‖x − known‖ / ‖known‖, Euclidean. */
export function meanRelativeError(x: Matrix, known: Matrix): number {
  let total = 0;
  for (let i = 0; i < known.rows; i++) {
    let [gap, size] = [0, 0];
    for (let k = i * known.cols; k < (i + 1) * known.cols; k++) {
      gap += (x.data[k]! - known.data[k]!) ** 2;
      size += known.data[k]! ** 2;
    }
    total += Math.sqrt(gap / size);
  }
  return total / known.rows;
}

/** Mean over rows of |∫ x − wanted|. */
export function meanDefect(nodes: VelocityNodes, x: Matrix, wanted = 0): number {
  return integrals(nodes, x).reduce((sum, mass) => sum + Math.abs(mass - wanted), 0) / x.rows;
}

/** Root of the mean square of entries. */
export function rootMeanSquare({ data }: Matrix): number {
  return Math.sqrt(data.reduce((sum, v) => sum + v * v, 0) / data.length);
}
