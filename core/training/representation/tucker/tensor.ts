import type { Engine, GradientPair, Tensor } from "../../../backend/mod.ts";
import {
  contractAlong,
  denseTensorField,
  type LocalTuckerField,
  sumOf,
} from "../../../geometry/mod.ts";
import { truncateTucker } from "../../../integrators/tucker/mod.ts";
import {
  modeProducts,
  orthonormalizeTucker,
  sizeOf,
  type TuckerTensor,
  unfoldCyclic,
} from "../../../tensors/mod.ts";
import type { TrainingMethod } from "../../method.ts";
import type { LinearUse, Representation } from "../../representation.ts";
import { startVariance } from "../../start.ts";
import type { Evidence, WeightPoint, WeightRecord, WeightSpec } from "../../weight.ts";
import { bounds, compressing, pairSquare, randomBasis, startRank } from "../matrix_factors.ts";
import { requireUse } from "../pair_field.ts";

/** A tensor as core × a basis for each mode, whose names are `mode0`, `mode1`, …. */
interface TensorRecord extends WeightRecord {
  readonly core: Tensor;
}

/**
 * Tensors of two or more modes as core × bases, every mode compressed. As a linear map such a tensor
 * goes from its first mode to all others in one, last index fastest; its transpose goes back. So a
 * map from tokens to heads × entries has a mode for heads.
 *
 * A map with input X and upstream gradient D keeps both: Xᵀ D, seen as a tensor, is the field.
 */
export const tuckerTensor: Required<
  Omit<
    Representation,
    "anchors" | "asMatrix" | "conv2d" | "joined" | "plan" | "lookup" | "merged" | "trainable"
  >
> = {
  anchor: "core",

  async create(method, spec, random) {
    const { engine } = method;
    const ranks = startRanks(method, spec);
    const factors: Tensor[] = [];
    for (const [mode, n] of spec.shape.entries()) {
      factors.push(await randomBasis(method, random.fork(`mode${mode}`), n, ranks[mode]!));
    }
    const entries = random.fork("core").fillNormal(new Float32Array(sizeOf(ranks)));
    const norm = Math.sqrt(sizeOf(spec.shape) * startVariance(spec));
    const factor = norm / Math.hypot(...entries);
    return recordOf(engine.tensor(entries.map((e) => factor * e), ranks), factors);
  },

  point: (state) => recordOf((state as TensorRecord).core, factorsIn(state as WeightPoint)),
  linear: tensorLinear,

  size(state) {
    // In use a square basis is multiplied into the core.
    const bases = factorsIn(state as WeightPoint).filter((u) => u.shape[0] !== u.shape[1]);
    return bases.reduce((sum, u) => sum + u.size, (state as TensorRecord).core.size);
  },

  gradientSquare: (method, _point, evidence) => pairSquare(method, evidence),
  rank: (state) =>
    Object.fromEntries((state as TensorRecord).core.shape.map((r, mode) => [`mode${mode}`, r])),

  async singularValues(method, state) {
    const { algebra: a } = method;
    const { core } = await orthonormalizeTucker(a, tensorOf(method, state));
    const sigma: Record<string, Float64Array> = {};
    for (const mode of core.shape.keys()) {
      sigma[`mode${mode}`] = (await a.svd(unfoldCyclic(a, core, mode))).sigma;
    }
    return sigma;
  },

  toDense(method, spec, state) {
    const { core, factors } = tensorOf(method, state);
    const { data } = modeProducts(method.algebra, core, factors);
    return method.engine.reshape(data, spec.shape);
  },

  async fromDense(method, spec, value, compression) {
    const { algebra: a, truncation } = method;
    const [rows, ...others] = spec.shape as [number, ...number[]];
    const data = a.reshape(value, rows, sizeOf(others));
    const factors = spec.shape.map((n) => a.identity(n));
    const bound = spec.shape.map((n, mode) => {
      const rank = spec.ranks?.[`mode${mode}`];
      const wanted = rank === undefined || compression.tolerance !== undefined
        ? compression
        : { rank };
      return compressing(spec, truncation, wanted, n);
    });
    const { y, discarded } = await truncateTucker(
      a,
      { core: { shape: spec.shape, data }, factors },
      bound,
    );
    return { state: stored(method, y), discarded };
  },

  atZero({ engine }, state) {
    const { core } = state as TensorRecord;
    return { ...state, core: engine.zeros(core.shape) };
  },

  asTucker: (method, spec, state) => ({
    start: tensorOf(method, state),
    truncation: (state as TensorRecord).core.shape.map((rank, mode) =>
      spec.fixed
        ? { ...method.truncation, tolerance: 0, minRank: rank, maxRank: rank }
        : bounds(spec, method.truncation, spec.shape[mode]!)
    ),
    point: (y) => stored(method, y) as WeightPoint,
    field: (_point, evidence) => tensorField(method, spec, evidence),
    store: (y) => stored(method, y),
  }),

  asVariables(method, spec, state) {
    const y = tensorOf(method, state);
    const point = tuckerTensor.point(state);
    return {
      start: point,
      point,
      gradients: (evidence) => factorGradients(method, spec, y, evidence),
      store: (variables) => variables,
    };
  },
};

/** Ranks at the start: as wanted, within the bounds, and none that the others cannot fill. */
function startRanks({ truncation }: TrainingMethod, spec: WeightSpec): number[] {
  const wanted = spec.shape.map((n, mode) =>
    startRank(spec, truncation, n, spec.ranks?.[`mode${mode}`] ?? spec.rank)
  );
  return wanted.map((r, mode) => Math.min(r, sizeOf(wanted.filter((_, k) => k !== mode))));
}

function recordOf(core: Tensor, factors: readonly Tensor[]): WeightPoint & TensorRecord {
  return { core, ...Object.fromEntries(factors.map((u, mode) => [`mode${mode}`, u])) };
}

function factorsIn(point: WeightPoint): Tensor[] {
  return point.core!.shape.map((_, mode) => point[`mode${mode}`]!);
}

/** The record as a Tucker tensor. */
function tensorOf({ algebra: a }: TrainingMethod, state: WeightRecord): TuckerTensor<Tensor> {
  const { core } = state as TensorRecord;
  const [rows, ...others] = core.shape as [number, ...number[]];
  const data = a.reshape(core, rows, sizeOf(others));
  return { core: { shape: core.shape, data }, factors: factorsIn(state as WeightPoint) };
}

function stored({ engine }: TrainingMethod, { core, factors }: TuckerTensor<Tensor>): WeightRecord {
  return recordOf(engine.reshape(core.data, core.shape), factors);
}

/** act((x U) M + b), where M is the core in the bases of all modes but the first; or the transpose. */
function tensorLinear(
  engine: Engine,
  point: WeightPoint,
  x: Tensor,
  { bias, activation, capture, transpose = false }: LinearUse,
): Tensor {
  const u = point.mode0!;
  const inner = innerMap(engine, point);
  const receive = capture && ((d: Tensor) => capture(pairOf(engine, u, x, d, transpose)));
  const watched = (y: Tensor) => receive ? engine.watch(y, receive) : y;
  if (transpose) {
    const small = engine.linear(x, engine.transpose(inner), null, "identity");
    return finished(engine, watched(engine.linear(small, engine.transpose(u), bias, "identity")), {
      activation,
    });
  }
  const small = engine.linear(x, u, null, "identity");
  return finished(engine, watched(engine.linear(small, inner, bias, "identity")), { activation });
}

function finished(engine: Engine, y: Tensor, { activation }: Pick<LinearUse, "activation">) {
  return activation === "identity" ? y : engine.activate(y, activation);
}

/** The core in the bases of all modes but the first, r×(n₁ n₂ ⋯). */
function innerMap(engine: Engine, point: WeightPoint): Tensor {
  const [first, ...others] = factorsIn(point);
  const shape = [...point.core!.shape];
  let open = point.core!;
  for (const [k, u] of others.entries()) {
    const mode = k + 1;
    const [before, after] = [sizeOf(shape.slice(0, mode)), sizeOf(shape.slice(mode + 1))];
    const [n, r] = u.shape as [number, number];
    const blocks = engine.reshape(open, [before, r, after]);
    open = after === 1
      ? engine.matMul(engine.reshape(open, [before, r]), u, { transposeRight: true })
      : engine.batchMatMul(engine.reshape(u, [1, n, r]), blocks);
    shape[mode] = n;
  }
  return engine.reshape(open, [first!.shape[1]!, sizeOf(shape.slice(1))]);
}

/** What a map leaves of its gradient Xᵀ D, or Dᵀ X of its transpose. */
function pairOf(
  engine: Engine,
  u: Tensor,
  x: Tensor,
  d: Tensor,
  transpose: boolean,
): GradientPair {
  const own = engine.keep(engine.clone(x));
  const [left, right] = transpose ? [d, own] : [own, d];
  return {
    x: left,
    d: right,
    xu: engine.keep(engine.matMul(left, u)),
    dv: engine.keep(engine.clone(right)),
  };
}

/** F of a tensor: the sum of Xᵀ D over the uses of the map. */
function tensorField(
  { algebra: a }: TrainingMethod,
  { shape }: WeightSpec,
  { pairs }: Evidence,
): LocalTuckerField<Tensor> {
  const data = sumOf(a, requireUse(pairs), ({ x, d }) => a.multiply(x, d, { transposeLeft: true }));
  return denseTensorField(a, { shape, data });
}

/** F contracted with all factors but one. */
function factorGradients(
  method: TrainingMethod,
  spec: WeightSpec,
  y: TuckerTensor<Tensor>,
  evidence: Evidence,
): Record<string, Tensor> {
  const { algebra: a } = method;
  const field = tensorField(method, spec, evidence);
  const inFactor = y.factors.map((_, mode) => {
    const factors = y.factors.map((u, k) => k === mode ? undefined : u);
    return [`mode${mode}`, contractAlong(a, field, mode, { core: y.core, factors })] as const;
  });
  return { core: evidence.gradient, ...Object.fromEntries(inFactor) };
}
