import type { Tensor } from "../../backend/mod.ts";
import { orthonormalizeLowRank, truncateCore } from "../../geometry/mod.ts";
import { clampedRank } from "../../integrators/mod.ts";
import type { TrainingMethod } from "../method.ts";
import type { Representation } from "../representation.ts";
import { startVariance } from "../start.ts";
import type { WeightRecord, WeightSpec } from "../weight.ts";
import {
  compressing,
  factorisedConv2d,
  factorisedField,
  factorisedGradientSquare,
  factorisedLinear,
  leftFactor,
  leftMatrix,
  matrixShape,
  randomBasis,
  startRank,
} from "./matrix_factors.ts";

/** W = U Vᵀ; U of a kernel is height×width×in×r. */
interface FactoredRecord extends WeightRecord {
  readonly u: Tensor;
  /** The identity between them, which never moves. */
  readonly s: Tensor;
  readonly v: Tensor;
}

/**
 * Matrices, and kernels seen as matrices, as U Vᵀ of fixed rank; neither factor is orthonormal, and
 * both share the singular values. dU = F V and dV = Fᵀ U.
 */
export const factored: Representation = {
  anchor: "s",

  async create(method, spec, random) {
    const { algebra: a } = method;
    const [inputs, outputs] = matrixShape(spec);
    const rank = startRank(spec, method.truncation);
    const sigma = Math.sqrt(inputs * outputs * startVariance(spec) / rank);
    const u = await randomBasis(method, random.fork("u"), inputs, rank);
    const v = await randomBasis(method, random.fork("v"), outputs, rank);
    const half = Math.sqrt(sigma);
    return stored(method, spec, a.scale(half, u), a.scale(half, v));
  },

  point: (state) => ({ ...factors(state) }),
  linear: factorisedLinear,
  conv2d: factorisedConv2d,

  size(state) {
    const { u, v } = factors(state);
    return u.size + v.size;
  },

  gradientSquare: factorisedGradientSquare,
  rank: (state) => factors(state).v.shape[1],

  async singularValues({ algebra: a }, state) {
    const { u, s, v } = factors(state);
    return (await a.svd((await orthonormalizeLowRank(a, { u: leftMatrix(a, u), s, v })).s)).sigma;
  },

  toDense({ algebra: a, engine }, spec, state) {
    const { u, v } = factors(state);
    return engine.reshape(a.multiply(leftMatrix(a, u), v, { transposeRight: true }), spec.shape);
  },

  async fromDense(method, spec, value, compression) {
    const { algebra: a } = method;
    const t = compressing(spec, method.truncation, compression);
    const { left, right, singularValues, discarded } = await truncateCore(
      a,
      a.reshape(value, ...matrixShape(spec)),
      (sigma) => clampedRank(sigma, t),
    );
    const half = a.diagonal(singularValues.map(Math.sqrt));
    const state = stored(method, spec, a.multiply(left, half), a.multiply(right, half));
    return { state, discarded };
  },

  atZero({ engine }, state) {
    const { u, s, v } = factors(state);
    return { u, s, v: engine.zeros(v.shape) };
  },

  asVariables(method, spec, state) {
    const { algebra: a, engine } = method;
    const { u, s, v } = factors(state);
    const at = { u: leftMatrix(a, u), s, v };
    return {
      start: { u: at.u, v },
      point: { u, s, v },
      gradients(evidence) {
        const field = factorisedField(method, spec, evidence, at);
        return { u: field.times(v), v: field.adjointTimes(at.u) };
      },
      store: (next) => ({ u: leftFactor(engine, spec, next.u!), s, v: next.v! }),
    };
  },
};

function factors(state: WeightRecord): { u: Tensor; s: Tensor; v: Tensor } {
  const { u, s, v } = state as FactoredRecord;
  return { u, s, v };
}

function stored(
  { algebra, engine }: TrainingMethod,
  spec: WeightSpec,
  u: Tensor,
  v: Tensor,
): FactoredRecord {
  return { u: leftFactor(engine, spec, u), s: algebra.identity(v.shape[1]!), v };
}
