/**
 * The field operator of training: F(W) = −∇L(W) of a linear map, from what its backward pass kept.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { GradientPair, Tensor } from "../backend/mod.ts";
import type { FieldAt, LowRank } from "../integrators/mod.ts";

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
  const inputs = remembered((p, u) => u === at.u ? p.xu : a.multiply(p.x, u));
  const outputs = remembered((p, v) => v === at.v ? p.dv : a.multiply(p.d, v));
  return {
    times: (v) => sum(a, pairs, (p) => product(a, p.x, outputs(p, v))),
    adjointTimes: (u) => sum(a, pairs, (p) => product(a, p.d, inputs(p, u))),
    galerkin: (u, v) =>
      core !== undefined && u === at.u && v === at.v
        ? core
        : sum(a, pairs, (p) => product(a, inputs(p, u), outputs(p, v))),
  };
}

/** A product with a basis, computed once for each pair and basis. */
function remembered(
  f: (p: GradientPair, basis: Tensor) => Tensor,
): (p: GradientPair, basis: Tensor) => Tensor {
  const known = new Map<GradientPair, Map<Tensor, Tensor>>();
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

function sum(
  a: Algebra<Tensor>,
  pairs: readonly GradientPair[],
  term: (p: GradientPair) => Tensor,
): Tensor {
  const [first, ...rest] = pairs;
  if (!first) throw new Error("Cannot form the field: the weight took no part in the evaluation");
  return rest.reduce((total, p) => a.lincomb(1, total, 1, term(p)), term(first));
}
