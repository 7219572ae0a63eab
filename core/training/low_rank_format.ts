import type { Tensor } from "../backend/mod.ts";
import type { LowRank, MomentSlots, Truncation } from "../integrators/mod.ts";
import type { Random } from "../random.ts";
import { pairField } from "./field.ts";
import {
  type TrainingMethod,
  type WeightFormat,
  weightFormats,
  type WeightSpec,
  type WeightState,
} from "./parameter.ts";

/** State of a factorised weight W = U S Vᵀ, inputs×outputs. */
interface LowRankState extends WeightState, LowRank<Tensor> {
  readonly format: "low-rank";
  readonly u: Tensor;
  readonly s: Tensor;
  readonly v: Tensor;
}

/** Matrices in the form U S Vᵀ, moved by an integrator on the manifold of low-rank matrices. */
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
    return { format: "low-rank", u, s: startCore(method, spec, rank), v };
  },

  point: (state) => factors(state),

  linear: (engine, point, x, bias, activation, capture) =>
    engine.lowRankLinear(
      x,
      { u: point.u!, s: point.s!, v: point.v! },
      bias,
      activation,
      capture,
    ),

  async *update(method, spec, state, rate) {
    const { algebra, integrator, stepper } = method;
    const moments = state.moments as MomentSlots<Tensor> | undefined;
    const step = integrator.step(algebra, factors(state), rate, {
      stepper,
      truncation: bounds(spec, method.truncation),
      ...(moments ? { moments } : {}),
    });
    let next = await step.next();
    while (!next.done) {
      const { u, s, v } = next.value;
      const { gradient, pairs } = yield { u, s, v };
      next = await step.next(pairField(algebra, pairs, { u, s, v }, gradient));
    }
    const { y, moments: after, discarded } = next.value;
    const kept = Object.keys(after).length > 0 ? { moments: momentTree(after) } : {};
    return { state: { format: "low-rank", ...factors(y), ...kept }, discarded };
  },

  size(state) {
    // In use the core is multiplied into one of the bases: W = K Vᵀ stores r (m + n) numbers.
    const { u, v } = factors(state);
    return u.size + v.size;
  },

  async gradientSquare({ algebra, engine }, _point, { pairs }) {
    const x = algebra.vstack(pairs.map((p) => p.x));
    const d = algebra.vstack(pairs.map((p) => p.d));
    const [batch, m, n] = [algebra.rows(x), algebra.cols(x), algebra.cols(d)];
    if (batch * batch > m * n) {
      const norm = await algebra.norm(algebra.multiply(x, d, { transposeLeft: true }));
      return norm ** 2;
    }
    // ‖XᵀD‖² = ⟨XXᵀ, DDᵀ⟩ without a matrix of the size of the weight.
    const [gx, gd] = [x, d].map((f) => algebra.multiply(f, f, { transposeRight: true }));
    return Math.max(0, (await engine.read(engine.sum(engine.mul(gx!, gd!))))[0]!);
  },

  rank: (state) => factors(state).u.shape[1],

  async singularValues({ algebra }, state) {
    return (await algebra.svd(factors(state).s)).sigma;
  },
});

function factors(state: WeightState | LowRank<Tensor>): { u: Tensor; s: Tensor; v: Tensor } {
  const { u, s, v } = state as LowRankState;
  return { u, s, v };
}

function matrixShape(spec: WeightSpec): [number, number] {
  if (spec.shape.length !== 2) {
    throw new RangeError(
      `Cannot factorise "${spec.name}": a low-rank weight has 2 dimensions, ` +
        `got shape [${spec.shape}]`,
    );
  }
  return [spec.shape[0]!, spec.shape[1]!];
}

/** The run's truncation within the bounds of one weight. */
function bounds(spec: WeightSpec, t: Truncation): Truncation {
  const largest = Math.min(...matrixShape(spec));
  const maxRank = Math.min(spec.maxRank ?? t.maxRank ?? largest, largest);
  return { ...t, maxRank, minRank: Math.min(spec.minRank ?? t.minRank ?? 1, maxRank) };
}

function startRank(spec: WeightSpec, t: Truncation): number {
  const { maxRank } = bounds(spec, t);
  return Math.min(spec.rank ?? maxRank!, maxRank!);
}

async function randomBasis(
  { algebra }: TrainingMethod,
  random: Random,
  rows: number,
  rank: number,
): Promise<Tensor> {
  const data = random.fillNormal(new Float32Array(rows * rank));
  return await algebra.orthonormalize(algebra.from(data, rows, rank));
}

/** Equal singular values with the Frobenius norm of a dense start: ‖S‖² = m n × variance. */
function startCore({ algebra }: TrainingMethod, spec: WeightSpec, rank: number): Tensor {
  const [inputs, outputs] = matrixShape(spec);
  const total = inputs * outputs * spec.initialiser.variance(spec.shape);
  return algebra.diagonal(new Float32Array(rank).fill(Math.sqrt(total / rank)));
}

/** The same record with an index signature, as state trees have. */
function momentTree(slots: MomentSlots<Tensor>): WeightState[string] {
  return Object.fromEntries(Object.entries(slots).map(([slot, m]) => [slot, { ...m }]));
}
