import type { Tensor } from "../../backend/mod.ts";
import { truncateCore } from "../../geometry/mod.ts";
import { clampedRank } from "../../integrators/mod.ts";
import type { TrainingMethod } from "../method.ts";
import type { Representation, VariablesReading } from "../representation.ts";
import { startValues } from "../start.ts";
import type { WeightRecord, WeightSpec } from "../weight.ts";
import { lowRank } from "./low_rank.ts";
import {
  compressing,
  factorisedField,
  leftFactor,
  leftMatrix,
  matrixShape,
} from "./matrix_factors.ts";

/** W = U diag(σ) Vᵀ; U of a kernel is height×width×in×s. */
interface SpectralRecord extends WeightRecord {
  readonly u: Tensor;
  /** diag(σ). */
  readonly s: Tensor;
  /** σ, of length s. */
  readonly sigma: Tensor;
  readonly v: Tensor;
}

const { asMatrix: _, atZero: _zero, ...factorised } = lowRank;

/**
 * Matrices, and kernels seen as matrices, by singular values and vectors that move apart. Vectors
 * move along F v and Fᵀ u, without the factor σ of a gradient, which would leave those of σ = 0
 * where they are.
 */
export const spectralFactors: Representation = {
  ...factorised,

  async create(method, spec, random) {
    const whole = method.algebra.from(startValues(spec, random), ...matrixShape(spec));
    return (await decomposed(method, spec, whole)).state;
  },

  size(state) {
    const { u, sigma, v } = state as SpectralRecord;
    return u.size + sigma.size + v.size;
  },

  async fromDense(method, spec, value, compression) {
    const t = compressing(spec, method.truncation, compression);
    const whole = method.algebra.reshape(value, ...matrixShape(spec));
    return await decomposed(method, spec, whole, (sigma) => clampedRank(sigma, t));
  },

  asVariables: (method, spec, state) => spectralReading(method, spec, state),
};

/**
 * Singular values, and vectors, as variables.
 *
 * @param chosen Which columns of the vectors: s×r with a 1 in each column; default all.
 */
export function spectralReading(
  method: TrainingMethod,
  spec: WeightSpec,
  state: WeightRecord,
  chosen?: Tensor,
): VariablesReading {
  const { algebra: a, engine } = method;
  const { u, s, sigma, v } = state as SpectralRecord;
  const [left, n] = [leftMatrix(a, u), sigma.size];
  const ones = a.from(new Float32Array(n).fill(1), 1, n);
  const pick = (x: Tensor): Tensor => chosen ? a.multiply(x, chosen) : x;
  const place = (x: Tensor, from: Tensor, moved: Tensor): Tensor =>
    chosen
      ? a.lincomb(
        1,
        x,
        1,
        a.multiply(a.lincomb(1, moved, -1, from), chosen, { transposeRight: true }),
      )
      : moved;
  const start = { u: pick(left), sigma, v: pick(v) };
  return {
    start,
    point: { u, s, v },
    gradients(evidence) {
      const at = { u: left, s, v };
      const field = factorisedField(method, spec, evidence, at);
      return {
        u: field.times(start.v),
        v: field.adjointTimes(start.u),
        sigma: engine.reshape(a.multiply(ones, engine.mul(evidence.gradient, a.identity(n))), [n]),
      };
    },
    store: (next) => ({
      u: leftFactor(engine, spec, place(left, start.u, next.u!)),
      s: engine.mul(a.identity(n), next.sigma!),
      sigma: next.sigma!,
      v: place(v, start.v, next.v!),
    }),
  };
}

/** A whole matrix by its singular values and vectors. */
export async function decomposed(
  { algebra: a, engine }: TrainingMethod,
  spec: WeightSpec,
  whole: Tensor,
  rank: (sigma: Float64Array) => number = (sigma) => sigma.length,
): Promise<{ readonly state: SpectralRecord; readonly discarded: number }> {
  const { left, right, singularValues, discarded } = await truncateCore(a, whole, rank);
  const sigma = engine.tensor(Float32Array.from(singularValues), [singularValues.length]);
  const s = a.diagonal(singularValues);
  return { state: { u: leftFactor(engine, spec, left), s, sigma, v: right }, discarded };
}
