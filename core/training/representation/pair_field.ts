/**
 * What passes leave of the gradient, as pairs of the field F(W) = −∇L(W) = Σ Xᵀ D.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import type { ConvGeometry, Engine, Tensor } from "../../backend/mod.ts";
import { type FieldPair, type LinearMap, matrixMap } from "../../geometry/mod.ts";
import type { CapturedPair } from "../weight.ts";
import { imagesLike, rowsOf } from "./images.ts";

/**
 * The pairs of a matrix.
 *
 * @param pairs One for each use of the weight, of derivatives of minus the loss.
 * @throws {Error} When there is none.
 */
export function matrixPairs(
  a: Algebra<Tensor>,
  pairs: readonly CapturedPair[],
): FieldPair<Tensor>[] {
  return requireUse(pairs).map(({ x, d, xu, dv }) => ({ x: matrixMap(a, x), d, xu, dv }));
}

/** The pairs of a matrix of which some may be of rows that were looked up. */
export function tablePairs(
  engine: Engine,
  a: Algebra<Tensor>,
  pairs: readonly CapturedPair[],
): FieldPair<Tensor>[] {
  return requireUse(pairs).map((pair) => {
    const { x, d, xu, dv, rows } = pair;
    return { x: rows === undefined ? matrixMap(a, x) : rowsMap(engine, x, rows), d, xu, dv };
  });
}

/** The product with rows that have a single 1, from its places. */
function rowsMap(engine: Engine, ids: Tensor, rows: number): LinearMap<Tensor> {
  return {
    times: (u) => engine.gather(u, ids),
    adjointTimes(y) {
      // Sums rows of the same number: the derivative of looking them up.
      const table = engine.zeros([rows, y.shape[1]!]);
      const found = () => engine.sum(engine.mul(engine.gather(table, ids), y));
      return engine.gradients(found, [table]).gradients[0]!;
    },
  };
}

/**
 * The pairs of a kernel seen as a (height·width·in)×out matrix: X has a row for each pixel with the
 * patch that the kernel sees there. X U is a convolution with the columns of U as kernels, Xᵀ Y the
 * filter gradient of the images Y; patches are never stored.
 *
 * @param pairs Pairs of images.
 * @param extents Height and width of the kernel.
 * @throws {Error} When there is none, or one of a linear map.
 */
export function kernelPairs(
  engine: Engine,
  a: Algebra<Tensor>,
  pairs: readonly CapturedPair[],
  extents: readonly [number, number],
): FieldPair<Tensor>[] {
  return requireUse(pairs).map((p) => {
    const geometry = geometryOf(p);
    const channels = p.x.shape[3]!;
    const times = (u: Tensor): Tensor => {
      const kernel = engine.reshape(u, [...extents, channels, a.cols(u)]);
      return rowsOf(engine, engine.conv2d(p.x, kernel, null, geometry, "identity"));
    };
    const adjointTimes = (y: Tensor): Tensor => {
      const images = imagesLike(engine, y, p.d);
      const g = engine.conv2dFilterGradient(p.x, images, extents, geometry);
      return a.reshape(g, extents[0] * extents[1] * channels, a.cols(y));
    };
    const [d, xu, dv] = [p.d, p.xu, p.dv].map((images) => rowsOf(engine, images));
    return { x: { times, adjointTimes }, d: d!, xu: xu!, dv: dv! };
  });
}

/**
 * How the kernel of a pair moved.
 *
 * @throws {Error} When the pair is that of a linear map.
 */
export function geometryOf(p: CapturedPair): ConvGeometry {
  if (p.geometry) return p.geometry;
  throw new Error("Cannot form the field of a kernel: it was used as a matrix in the evaluation");
}

/**
 * The pairs themselves.
 *
 * @throws {Error} When there is none.
 */
export function requireUse<P>(pairs: readonly P[]): readonly P[] {
  if (pairs.length > 0) return pairs;
  throw new Error("Cannot form the field: the weight took no part in the evaluation");
}
