import type { Tensor } from "../backend/mod.ts";
import { clampedRank, type LowRank, type MomentSlots } from "../integrators/mod.ts";
import {
  bounds,
  compressing,
  factorisedConv2d,
  factorisedField,
  factorisedLinear,
  leftFactor,
  leftMatrix,
  matrixShape,
  momentTree,
  pairSquare,
  randomBasis,
  startRank,
} from "./matrix_factors.ts";
import {
  type TrainingMethod,
  type WeightFormat,
  weightFormats,
  type WeightPoint,
  type WeightSpec,
  type WeightState,
} from "./parameter.ts";

import { regularisedField } from "./regularize.ts";
import { startVariance } from "./start.ts";

/** State of a factorised weight W = U S Vᵀ; U of a kernel is height×width×in×r. */
interface LowRankState extends WeightState, LowRank<Tensor> {
  readonly format: "low-rank";
  readonly u: Tensor;
  readonly s: Tensor;
  readonly v: Tensor;
}

/**
 * Matrices, and kernels seen as (height·width·in)×out matrices, in the form U S Vᵀ, moved by an
 * integrator on the manifold of low-rank matrices.
 */
export const lowRankFormat: WeightFormat = weightFormats.add({
  name: "low-rank",
  description: "weights as U S Vᵀ, moved by an integrator; the rank may adapt",
  waits: false,
  anchor: "s",

  async create(method, spec, random) {
    const [inputs, outputs] = matrixShape(spec);
    const rank = startRank(spec, method.truncation);
    const u = await randomBasis(method, random.fork("u"), inputs, rank);
    const v = await randomBasis(method, random.fork("v"), outputs, rank);
    return stateOf(method, spec, { u, s: startCore(method, spec, rank), v });
  },

  point: (state) => factors(state),
  linear: factorisedLinear,
  conv2d: factorisedConv2d,

  async *update(method, spec, state, rate) {
    const { algebra, integrator, stepper } = method;
    const moments = state.moments as MomentSlots<Tensor> | undefined;
    const start = matrices(method, state);
    const step = integrator.step(algebra, start, rate, {
      stepper,
      truncation: bounds(spec, method.truncation),
      ...(moments ? { moments } : {}),
    });
    let next = await step.next();
    while (!next.done) {
      const { u, s, v } = next.value;
      const evidence = yield { u: leftFactor(method.engine, spec, u), s, v };
      const at = { u, s, v };
      const field = factorisedField(method, spec, evidence, at, evidence.gradient);
      const orthonormal = u === start.u && v === start.v;
      next = await step.next(await regularisedField(method, spec, field, at, orthonormal));
    }
    const { y, moments: after, discarded } = next.value;
    const kept = Object.keys(after).length > 0 ? { moments: momentTree(after) } : {};
    return { state: { ...stateOf(method, spec, y), ...kept }, discarded };
  },

  size(state) {
    // In use the core is multiplied into one of the bases: W = K Vᵀ stores r (m + n) numbers.
    const { u, v } = factors(state);
    return u.size + v.size;
  },

  gradientSquare: (method, { u }, { pairs }) =>
    pairSquare(method, pairs, u!.shape.length === 4 ? [u!.shape[0]!, u!.shape[1]!] : undefined),

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
    const { p, sigma, q } = await algebra.svd(algebra.reshape(value, ...matrixShape(spec)));
    const rank = clampedRank(sigma, compressing(spec, method.truncation, compression));
    const y = {
      u: algebra.columns(p, 0, rank),
      s: algebra.diagonal(sigma.subarray(0, rank)),
      v: algebra.columns(q, 0, rank),
    };
    return { state: stateOf(method, spec, y), discarded: Math.hypot(...sigma.subarray(rank)) };
  },
});

function factors(state: WeightState): { u: Tensor; s: Tensor; v: Tensor } & WeightPoint {
  const { u, s, v } = state as LowRankState;
  return { u, s, v };
}

/** The factors with U as a matrix, as integrators take them. */
function matrices({ algebra }: TrainingMethod, state: WeightState): LowRank<Tensor> {
  const { u, s, v } = factors(state);
  return { u: leftMatrix(algebra, u), s, v };
}

function stateOf({ engine }: TrainingMethod, spec: WeightSpec, y: LowRank<Tensor>): LowRankState {
  return { format: "low-rank", u: leftFactor(engine, spec, y.u), s: y.s, v: y.v };
}

/** Equal singular values with the Frobenius norm of a dense start: ‖S‖² = m n × variance. */
function startCore({ algebra }: TrainingMethod, spec: WeightSpec, rank: number): Tensor {
  const [inputs, outputs] = matrixShape(spec);
  const total = inputs * outputs * startVariance(spec);
  return algebra.diagonal(new Float32Array(rank).fill(Math.sqrt(total / rank)));
}
