/**
 * The field operator of training: F(W) = −∇L(W) of a map with a matrix, from what its backward pass
 * kept.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { ConvGeometry, Engine, GradientPair, Tensor } from "../backend/mod.ts";
import type { FieldAt, LowRank } from "../integrators/mod.ts";
import { imagesLike, rowsOf } from "./images.ts";
import type { CapturedPair } from "./parameter.ts";

/** How the matrix X of a pair, F = Xᵀ D, is applied: it may be too large to be formed. */
interface InputMap<P> {
  /** X U. */
  times(p: P, u: Tensor): Tensor;
  /** Xᵀ Y. */
  adjointTimes(p: P, y: Tensor): Tensor;
}

/**
 * F = Σ Xᵀ D over the pairs, as an operator: each projection costs two skinny products, for any
 * bases, also those augmented after the pass.
 *
 * @param pairs One pair for each use of the weight, of derivatives of minus the loss.
 * @param at The point of the pass; products with its own bases are already in the pairs.
 * @param core Uᵀ F V at that point when it is known.
 */
export function pairField(
  a: Algebra<Tensor>,
  pairs: readonly GradientPair[],
  at: LowRank<Tensor>,
  core?: Tensor,
): FieldAt<Tensor> {
  return mappedField(a, pairs, at, core, {
    times: (p, u) => a.multiply(p.x, u),
    adjointTimes: (p, y) => product(a, p.x, y),
  });
}

/**
 * The same for a kernel seen as a (height·width·in)×out matrix: X has a row for each pixel with the
 * patch that the kernel sees there. X U is a convolution with the columns of U as kernels, Xᵀ Y the
 * filter gradient of the images Y; patches are never stored.
 *
 * @param pairs Pairs of images.
 * @param extents Height and width of the kernel.
 */
export function kernelPairField(
  engine: Engine,
  a: Algebra<Tensor>,
  pairs: readonly CapturedPair[],
  at: LowRank<Tensor>,
  extents: readonly [number, number],
  core?: Tensor,
): FieldAt<Tensor> {
  const flat = pairs.map((p) => ({
    x: p.x,
    images: p.d,
    d: rowsOf(engine, p.d),
    xu: rowsOf(engine, p.xu),
    dv: rowsOf(engine, p.dv),
    geometry: geometryOf(p),
  }));
  return mappedField(a, flat, at, core, {
    times(p, u) {
      const kernel = engine.reshape(u, [...extents, p.x.shape[3]!, a.cols(u)]);
      return rowsOf(engine, engine.conv2d(p.x, kernel, null, p.geometry, "identity"));
    },
    adjointTimes(p, y) {
      const images = imagesLike(engine, y, p.images);
      const g = engine.conv2dFilterGradient(p.x, images, extents, p.geometry);
      return a.reshape(g, extents[0] * extents[1] * p.x.shape[3]!, a.cols(y));
    },
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

function mappedField<P extends GradientPair>(
  a: Algebra<Tensor>,
  pairs: readonly P[],
  at: LowRank<Tensor>,
  core: Tensor | undefined,
  map: InputMap<P>,
): FieldAt<Tensor> {
  const inputs = remembered((p: P, u) => u === at.u ? p.xu : map.times(p, u));
  const outputs = remembered((p: P, v) => v === at.v ? p.dv : a.multiply(p.d, v));
  return {
    times: (v) => sumOver(a, pairs, (p) => map.adjointTimes(p, outputs(p, v))),
    adjointTimes: (u) => sumOver(a, pairs, (p) => product(a, p.d, inputs(p, u))),
    galerkin: (u, v) =>
      core !== undefined && u === at.u && v === at.v
        ? core
        : sumOver(a, pairs, (p) => product(a, inputs(p, u), outputs(p, v))),
  };
}

/** A product with a basis, computed once for each pair and basis. */
function remembered<P extends object>(
  f: (p: P, basis: Tensor) => Tensor,
): (p: P, basis: Tensor) => Tensor {
  const known = new Map<P, Map<Tensor, Tensor>>();
  return (p, basis) => {
    const ofPair = known.get(p) ?? new Map<Tensor, Tensor>();
    known.set(p, ofPair);
    const found = ofPair.get(basis) ?? f(p, basis);
    ofPair.set(basis, found);
    return found;
  };
}

/** xᵀ y. */
function product(a: Algebra<Tensor>, x: Tensor, y: Tensor): Tensor {
  return a.multiply(x, y, { transposeLeft: true });
}

/**
 * Sum of a term over the uses of a weight.
 *
 * @throws {Error} When there is none.
 */
export function sumOver<P>(
  a: Algebra<Tensor>,
  pairs: readonly P[],
  term: (p: P) => Tensor,
): Tensor {
  const [first, ...rest] = pairs;
  if (!first) throw new Error("Cannot form the field: the weight took no part in the evaluation");
  return rest.reduce((total, p) => a.lincomb(1, total, 1, term(p)), term(first));
}
