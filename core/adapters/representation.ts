/**
 * What an adapted weight is, for every adapter.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { Tensor } from "../backend/mod.ts";
import {
  denseField,
  type LocalField,
  type LowRank,
  orthonormalizeLowRank,
  toDense,
} from "../geometry/mod.ts";
import { Random } from "../random.ts";
import {
  type ConvUse,
  dense,
  type Evidence,
  type LookupUse,
  type MatrixReading,
  type Representation,
  type TrainingMethod,
  type VariablesReading,
  type WeightPoint,
  type WeightRecord,
  type WeightSpec,
} from "../training/mod.ts";
import { bounds, factorisedField } from "../training/representation/matrix_factors.ts";
import type { Adapter, AdapterEvidence, AttachContext, Attached, Tensors } from "./adapter.ts";
import { scaledBy } from "./factors.ts";
import { adaptedConv2d, adaptedLinear, adaptedLookup, hooked } from "./forward.ts";
import {
  type AdapterRecord,
  asMatrix,
  attachedOf,
  pointOf,
  recordOf,
  tensorsOf,
} from "./record.ts";

/** The adapter as the settings of a weight make it. */
export type OfWeight = (spec: Pick<WeightSpec, "rank" | "settings">) => Adapter;

/** What a weight with an adapter is. */
export function adapterRepresentation(adapter: Adapter, own: OfWeight): Representation {
  return {
    anchor: adapter.manifold ? "s" : adapter.factors ? "scale" : "base",
    ...(adapter.anchors ? { anchors: adapter.anchors } : {}),

    async create(method, spec, random) {
      const { value } = await dense.create(method, spec, random.fork("base")) as { value: Tensor };
      return await attachTo(own(spec), method, spec, value, { random: random.fork("adapter") });
    },

    joined(spec, record, common) {
      const names = own(spec).common ?? [];
      const { frozen, ...rest } = record as AdapterRecord;
      const shared = names.map((name) => {
        const key = JSON.stringify([spec.format, spec.rank, spec.settings, name]);
        const [mine, first] = [frozen![name]!, common.get(key) ?? frozen![name]!];
        if (first !== mine) mine.dispose();
        common.set(key, first);
        return [name, first] as const;
      });
      return names.length > 0
        ? { ...rest, frozen: { ...frozen, ...Object.fromEntries(shared) } }
        : record;
    },

    point: pointOf,
    linear: (engine, point, x, use) => adaptedLinear(engine, own(use.spec), point, x, use),
    lookup: (engine, point, ids, use: LookupUse) =>
      adaptedLookup(engine, own(use.spec), point, ids, use),
    conv2d: (engine, point, x, use: ConvUse) => adaptedConv2d(engine, own(use.spec), point, x, use),

    size(state) {
      const { base, frozen, trained } = state as AdapterRecord;
      return base.value.size + sizeOf(trained) + sizeOf(frozen);
    },

    trainable(state) {
      const { numbers, trained } = state as AdapterRecord;
      return numbers?.trained ?? sizeOf(trained);
    },

    async gradientSquare(method, point, evidence, spec) {
      const { t } = hooked(method.engine, point);
      let sum = 0;
      for (const flow of Object.values(flowsAt(own(spec), method, spec, t, evidence))) {
        const norm = await method.algebra.norm(evidence.mean ? await evidence.mean(flow) : flow);
        sum += norm ** 2;
      }
      return sum;
    },

    rank: (state) => (state as AdapterRecord).numbers?.rank,

    async singularValues({ algebra: a }, state) {
      const t = tensorsOf(attachedIn(a, state));
      if (!adapter.factors) return (await a.svd(adapter.increment!(a, t))).sigma;
      return (await a.svd((await orthonormalizeLowRank(a, adapter.factors(a, t))).s)).sigma;
    },

    toDense({ algebra: a, engine }, spec, state) {
      return engine.reshape(mergedWeight(a, adapter, attachedIn(a, state)), spec.shape);
    },

    async fromDense(method, spec, value, { gradients }) {
      const random = new Random(0).fork(spec.name);
      const found = gradients?.[spec.name];
      const gradient = found && { gradient: asMatrix(method.algebra, found, spec.shape) };
      return { state: await attachTo(own(spec), method, spec, value, { random, ...gradient }) };
    },

    asVariables(method, spec, state): VariablesReading {
      const { algebra: a } = method;
      const chosen = own(spec);
      const at = attachedIn(a, state);
      return {
        start: at.trained,
        ...(chosen.rates ? { rates: chosen.rates } : {}),
        ...(chosen.undecayed ? { undecayed: chosen.undecayed } : {}),
        point: pointOf(state),
        gradients: (evidence) => flowsAt(chosen, method, spec, tensorsOf(at), evidence),
        store: (trained) => ({ ...withoutMoments(state), trained }),
      };
    },

    ...adapter.manifold ? { asMatrix: manifoldReading } : {},
  };
}

/**
 * Attaches an adapter to a whole weight.
 *
 * @param value W₀ in the shape of the weight; the record holds a handle of its own.
 */
export async function attachTo(
  adapter: Adapter,
  { algebra: a, engine }: TrainingMethod,
  { name, shape }: WeightSpec,
  value: Tensor,
  context: Pick<AttachContext<Tensor>, "random" | "gradient">,
): Promise<AdapterRecord> {
  const w = asMatrix(a, engine.clone(value), shape);
  const at = await adapter.attach(a, w, { ...context, name, shape });
  return recordOf(engine, shape, at);
}

/** W₀ + ΔW, each output scaled where the adapter does that: the whole weight. */
export function mergedWeight<M>(a: Algebra<M>, adapter: Adapter, at: Attached<M>): M {
  const t = tensorsOf(at);
  const increment = adapter.factors ? toDense(a, adapter.factors(a, t)) : adapter.increment!(a, t);
  const sum = a.lincomb(1, t.base!, 1, increment);
  const scales = adapter.outputs?.(a, t);
  return scales ? a.hadamard(sum, scales) : sum;
}

/** The flows of all trained matrices from what a pass tells. */
function flowsAt(
  adapter: Adapter,
  method: TrainingMethod,
  spec: WeightSpec,
  t: Tensors<Tensor>,
  evidence: Evidence,
): Tensors<Tensor> {
  return adapter.flows(method.algebra, t, evidenceOf(adapter, method, spec, t, evidence));
}

function evidenceOf(
  adapter: Adapter,
  method: TrainingMethod,
  spec: WeightSpec,
  t: Tensors<Tensor>,
  evidence: Evidence,
): AdapterEvidence<Tensor> {
  const { algebra: a } = method;
  const { gradient, gradients = {} } = evidence;
  const [rows, cols] = [a.rows(t.base!), a.cols(t.base!)];
  if (!adapter.factors) {
    const f = a.reshape(gradient, rows, cols);
    return { field: denseField(a, f), whole: () => f, factors: undefined, gradients };
  }
  const factors = adapter.factors(a, t);
  const field = factorisedField(method, spec, evidence, factors);
  return { field, whole: () => field.times(a.identity(cols)), factors, gradients };
}

/** u s vᵀ, for integrators. Its field is the scale times F. */
function manifoldReading(
  method: TrainingMethod,
  spec: WeightSpec,
  state: WeightRecord,
): MatrixReading {
  const { algebra: a } = method;
  const at = attachedIn(a, state);
  const { u, s, v } = at.trained;
  const scale = at.frozen.scale!;
  const stored = (y: LowRank<Tensor>): WeightRecord => ({
    ...withoutMoments(state),
    trained: { u: y.u, s: y.s, v: y.v },
    numbers: { ...at.numbers, rank: a.cols(y.v) },
  });
  return {
    start: { u: u!, s: s!, v: v! },
    truncation: bounds(spec, method.truncation),
    point: (y): WeightPoint => pointOf(stored(y)),
    field(y, evidence) {
      const own = scaledField(a, scale, factorisedField(method, spec, evidence, y));
      // The derivative in the anchor is that in the core, with the scale in it.
      const core = evidence.gradient;
      return { ...own, galerkin: (u, v) => u === y.u && v === y.v ? core : own.galerkin(u, v) };
    },
    store: stored,
  };
}

function scaledField<M>(a: Algebra<M>, scale: M, f: LocalField<M>): LocalField<M> {
  return {
    times: (v) => scaledBy(a, scale, f.times(v)),
    adjointTimes: (u) => scaledBy(a, scale, f.adjointTimes(u)),
    galerkin: (u, v) => scaledBy(a, scale, f.galerkin(u, v)),
  };
}

/** A record without what belongs to the mover. */
function withoutMoments({ moments: _, ...state }: WeightRecord): WeightRecord {
  return state;
}

function attachedIn(a: Algebra<Tensor>, state: WeightRecord): Attached<Tensor> {
  return attachedOf(a, (state as AdapterRecord).base.value.shape, state);
}

function sizeOf(tensors: Tensors<Tensor> = {}): number {
  return Object.values(tensors).reduce((sum, t) => sum + t.size, 0);
}
