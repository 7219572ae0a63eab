import type { Algebra } from "../algebra/mod.ts";
import type { Tensor } from "../backend/mod.ts";
import { clampedRank, type MomentSlots } from "../integrators/mod.ts";
import {
  compressing,
  factorisedConv2d,
  factorisedField,
  factorisedLinear,
  leftFactor,
  leftMatrix,
  matrixShape,
  pairSquare,
  randomBasis,
  startRank,
} from "./matrix_factors.ts";
import {
  type TrainingMethod,
  type WeightFormat,
  weightFormats,
  type WeightSpec,
  type WeightState,
} from "./parameter.ts";
import { startVariance } from "./start.ts";

/** State of W = U Vᵀ; U of a kernel is height×width×in×r. */
interface FactoredState extends WeightState {
  readonly format: "factored-low-rank";
  readonly u: Tensor;
  /** The identity between them, which never moves. */
  readonly s: Tensor;
  readonly v: Tensor;
  readonly moments?: MomentSlots<Tensor>;
}

/**
 * The naive factorisation that manifold methods are compared with: W = U Vᵀ of fixed rank, both
 * factors moved at once by the optimizer rule along dU = F V and dV = Fᵀ U, neither orthonormal.
 * Its steps shrink and grow with the singular values of the factors.
 */
export const factoredLowRankFormat: WeightFormat = weightFormats.add({
  name: "factored-low-rank",
  description: "baseline: weights as U Vᵀ of fixed rank, both moved by the optimizer rule",
  waits: true,
  anchor: "s",

  async create(method, spec, random) {
    const { algebra: a } = method;
    const [inputs, outputs] = matrixShape(spec);
    const rank = startRank(spec, method.truncation);
    const sigma = Math.sqrt(inputs * outputs * startVariance(spec) / rank);
    const u = await randomBasis(method, random.fork("u"), inputs, rank);
    const v = await randomBasis(method, random.fork("v"), outputs, rank);
    const half = Math.sqrt(sigma);
    return stateOf(method, spec, a.scale(half, u), a.scale(half, v));
  },

  point(state) {
    const { u, s, v } = state as FactoredState;
    return { u, s, v };
  },
  linear: factorisedLinear,
  conv2d: factorisedConv2d,

  async *update(method, spec, state, rate) {
    const { algebra: a, rule } = method;
    const { u, s, v, moments = {} } = state as FactoredState;
    const evidence = yield { u, s, v };
    const at = { u: leftMatrix(a, u), s, v };
    const field = factorisedField(method, spec, evidence, at);
    const step = { rate, decay: rule.weightDecay };
    const nextU = await rule.update(a, at.u, field.times(v), step, moments.u);
    const nextV = await rule.update(a, v, field.adjointTimes(at.u), step, moments.v);
    const next = { u: leftFactor(method.engine, spec, nextU.value), s, v: nextV.value };
    const kept = nextU.state && nextV.state ? { moments: { u: nextU.state, v: nextV.state } } : {};
    return { state: { format: "factored-low-rank", ...next, ...kept } };
  },

  size(state) {
    const { u, v } = state as FactoredState;
    return u.size + v.size;
  },

  gradientSquare: (method, { u }, { pairs }) =>
    pairSquare(method, pairs, u!.shape.length === 4 ? [u!.shape[0]!, u!.shape[1]!] : undefined),

  rank: (state) => (state as FactoredState).v.shape[1],

  async singularValues({ algebra: a }, state) {
    const { u, v } = state as FactoredState;
    const [left, right] = [await upper(a, leftMatrix(a, u)), await upper(a, v)];
    return (await a.svd(a.multiply(left, right, { transposeRight: true }))).sigma;
  },

  toDense({ algebra: a, engine }, spec, state) {
    const { u, v } = state as FactoredState;
    return engine.reshape(a.multiply(leftMatrix(a, u), v, { transposeRight: true }), spec.shape);
  },

  async fromDense(method, spec, value, compression) {
    const { algebra: a } = method;
    const { p, sigma, q } = await a.svd(a.reshape(value, ...matrixShape(spec)));
    const rank = clampedRank(sigma, compressing(spec, method.truncation, compression));
    const half = a.diagonal(sigma.subarray(0, rank).map(Math.sqrt));
    const [u, v] = [p, q].map((x) => a.multiply(a.columns(x, 0, rank), half));
    const discarded = Math.hypot(...sigma.subarray(rank));
    return { state: stateOf(method, spec, u!, v!), discarded };
  },
});

function stateOf(
  { algebra, engine }: TrainingMethod,
  spec: WeightSpec,
  u: Tensor,
  v: Tensor,
): FactoredState {
  const s = algebra.identity(v.shape[1]!);
  return { format: "factored-low-rank", u: leftFactor(engine, spec, u), s, v };
}

/** R of the thin QR factorisation. */
async function upper(a: Algebra<Tensor>, x: Tensor): Promise<Tensor> {
  return (await a.qr(x)).r;
}
