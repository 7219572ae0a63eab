import type { Tensor } from "../../backend/mod.ts";
import { type LowRank, truncateCore } from "../../geometry/mod.ts";
import { clampedRank } from "../../integrators/mod.ts";
import type { TrainingMethod } from "../method.ts";
import type { Representation } from "../representation.ts";
import { startVariance } from "../start.ts";
import type { WeightRecord, WeightSpec } from "../weight.ts";
import {
  bounds,
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

/** A factorised weight W = U S Vᵀ; U of a kernel is height×width×in×r. */
interface LowRankRecord extends WeightRecord, LowRank<Tensor> {
  readonly u: Tensor;
  readonly s: Tensor;
  readonly v: Tensor;
}

/** Matrices, and kernels seen as (height·width·in)×out matrices, in the form U S Vᵀ. */
export const lowRank: Representation = {
  anchor: "s",

  async create(method, spec, random) {
    const [inputs, outputs] = matrixShape(spec);
    const rank = startRank(spec, method.truncation);
    const u = await randomBasis(method, random.fork("u"), inputs, rank);
    const v = await randomBasis(method, random.fork("v"), outputs, rank);
    return stored(method, spec, { u, s: startCore(method, spec, rank), v });
  },

  point: (state) => ({ ...factors(state) }),
  linear: factorisedLinear,
  conv2d: factorisedConv2d,

  size(state) {
    // In use the core is multiplied into one of the bases: W = K Vᵀ stores r (m + n) numbers.
    const { u, v } = factors(state);
    return u.size + v.size;
  },

  gradientSquare: factorisedGradientSquare,
  rank: (state) => factors(state).v.shape[1],

  async singularValues({ algebra }, state) {
    return (await algebra.svd(factors(state).s)).sigma;
  },

  toDense(method, spec, state) {
    const { algebra, engine } = method;
    const { u, s, v } = matrices(method, state);
    const w = algebra.multiply(algebra.multiply(u, s), v, { transposeRight: true });
    return engine.reshape(w, spec.shape);
  },

  async fromDense(method, spec, value, compression) {
    const { algebra } = method;
    const t = compressing(spec, method.truncation, compression);
    const { left, right, singularValues, discarded } = await truncateCore(
      algebra,
      algebra.reshape(value, ...matrixShape(spec)),
      (sigma) => clampedRank(sigma, t),
    );
    const y = { u: left, s: algebra.diagonal(singularValues), v: right };
    return { state: stored(method, spec, y), discarded };
  },

  atZero({ engine }, state) {
    const { u, s, v } = factors(state);
    return { u, s: engine.zeros(s.shape), v };
  },

  asMatrix: (method, spec, state) => ({
    start: matrices(method, state),
    truncation: bounds(spec, method.truncation),
    point: ({ u, s, v }) => ({ u: leftFactor(method.engine, spec, u), s, v }),
    field: (at, evidence) => factorisedField(method, spec, evidence, at, evidence.gradient),
    store: (y) => stored(method, spec, y),
  }),
};

function factors(state: WeightRecord): { u: Tensor; s: Tensor; v: Tensor } {
  const { u, s, v } = state as LowRankRecord;
  return { u, s, v };
}

/** The factors with U as a matrix, as integrators take them. */
function matrices({ algebra }: TrainingMethod, state: WeightRecord): LowRank<Tensor> {
  const { u, s, v } = factors(state);
  return { u: leftMatrix(algebra, u), s, v };
}

function stored({ engine }: TrainingMethod, spec: WeightSpec, y: LowRank<Tensor>): LowRankRecord {
  return { u: leftFactor(engine, spec, y.u), s: y.s, v: y.v };
}

/** Equal singular values with the Frobenius norm of a dense start: ‖S‖² = m n × variance. */
function startCore({ algebra }: TrainingMethod, spec: WeightSpec, rank: number): Tensor {
  const [inputs, outputs] = matrixShape(spec);
  const total = inputs * outputs * startVariance(spec);
  return algebra.diagonal(new Float32Array(rank).fill(Math.sqrt(total / rank)));
}
