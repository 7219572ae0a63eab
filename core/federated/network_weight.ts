/**
 * Weights of a network as a federation sees them, and back.
 *
 * @module
 */

import type { Tensor } from "../backend/mod.ts";
import {
  type Evidence,
  motionOf,
  moverOf,
  movers,
  representationOf,
  type TrainingMethod,
  type WeightPoint,
  type WeightRecord,
  type WeightSpec,
} from "../training/mod.ts";
import { matrixFlow, type SharedMatrix, sharedMatrix } from "./matrix_weight.ts";
import { matricesFlow, sharedMatrices } from "./plain_weight.ts";
import { type SharedTucker, sharedTucker, tuckerFlow } from "./tucker_weight.ts";
import type { Flow, SharedWeight, WeightPlan } from "./types.ts";

/** A weight within one look at data. */
export interface LookedAt {
  /** What a pass computes with. */
  readonly point: WeightPoint;
  /** What a pass tells about it. */
  flow(evidence: Evidence): Flow<Tensor>;
}

/**
 * How a weight of a network takes part. A template is a record of it at any ranks, of which what
 * stands still is taken: the base under an increment.
 */
export interface NetworkWeight {
  /** How it moves. */
  readonly plan: (template: WeightRecord) => WeightPlan;
  /** A record as server and clients see it. */
  readonly shared: (record: WeightRecord) => SharedWeight<Tensor>;
  /** What is stored of it. */
  readonly record: (weight: SharedWeight<Tensor>, template: WeightRecord) => WeightRecord;
  /** For a pass. */
  readonly look: (weight: SharedWeight<Tensor>, template: WeightRecord) => LookedAt;
}

/** Share of a new observation where a statistic does not say. */
const MOMENTUM = 0.1;

/**
 * How a weight takes part, by what moves it.
 *
 * @throws {RangeError} When that is neither an integrator, nor the optimizer rule, nor what passes
 * observe.
 */
export function networkWeight(method: TrainingMethod, spec: WeightSpec): NetworkWeight {
  const representation = representationOf(spec);
  const mover = moverOf(method, spec);
  if (representation.anchor === undefined) return statistic(method, spec);
  if (mover.keepsBases && representation.asMatrix) return factorised(method, spec);
  if (mover.keepsBases && representation.asTucker) return tucker(method, spec);
  if (mover === movers.get("optimizer") && representation.asVariables) return plain(method, spec);
  throw new RangeError(
    `Cannot federate "${spec.name}": expected a weight that an integrator or the optimizer rule ` +
      `moves, got format "${spec.format}"`,
  );
}

/** What every plan has. */
function planOf(method: TrainingMethod, spec: WeightSpec): WeightPlan {
  const { rate, decay } = motionOf(method, spec, 1);
  return { rateFactor: rate, decay, vector: spec.shape.length < 2 };
}

function factorised(method: TrainingMethod, spec: WeightSpec): NetworkWeight {
  const { algebra: a } = method;
  const read = (record: WeightRecord) => representationOf(spec).asMatrix!(method, spec, record);
  const at = (weight: SharedWeight<Tensor>) => (weight as SharedMatrix<Tensor>).y;
  return {
    plan: (template) => ({ ...planOf(method, spec), truncation: read(template).truncation }),
    shared: (record) => sharedMatrix(a, read(record).start),
    record: (weight, template) => read(template).store(at(weight)),
    look(weight, template) {
      const [y, reading] = [at(weight), read(template)];
      const flow = (e: Evidence) => matrixFlow(y, reading.field(y, e));
      return { point: reading.point(y), flow };
    },
  };
}

function tucker(method: TrainingMethod, spec: WeightSpec): NetworkWeight {
  const { algebra: a } = method;
  const read = (record: WeightRecord) => representationOf(spec).asTucker!(method, spec, record);
  const at = (weight: SharedWeight<Tensor>) => (weight as SharedTucker<Tensor>).y;
  return {
    plan: (template) => ({ ...planOf(method, spec), truncation: read(template).truncation }),
    shared: (record) => sharedTucker(a, read(record).start),
    record: (weight, template) => read(template).store(at(weight)),
    look(weight, template) {
      const [y, reading] = [at(weight), read(template)];
      const point = reading.point(y);
      return { point, flow: (e) => tuckerFlow(a, y, reading.field(point, e)) };
    },
  };
}

function plain(method: TrainingMethod, spec: WeightSpec): NetworkWeight {
  const read = (record: WeightRecord) => representationOf(spec).asVariables!(method, spec, record);
  const record = (weight: SharedWeight<Tensor>, template: WeightRecord): WeightRecord => {
    const { start, store } = read(template);
    const variables = Object.entries(start).map(([name, like], i) =>
      [name, reshaped(method, weight.parts[i]!, like.shape)] as const
    );
    return store(Object.fromEntries(variables));
  };
  return {
    plan: () => planOf(method, spec),
    shared: (given) => sharedMatrices(Object.values(read(given).start).map((t) => flat(method, t))),
    record,
    look(weight, template) {
      const reading = read(record(weight, template));
      const flow = (e: Evidence) => {
        const flows = reading.gradients(e);
        return matricesFlow(Object.keys(reading.start).map((name) => flat(method, flows[name]!)));
      };
      return { point: reading.point, flow };
    },
  };
}

/** Running means: clients go on with them, the server takes the mean of those. */
function statistic(method: TrainingMethod, spec: WeightSpec): NetworkWeight {
  const record = (weight: SharedWeight<Tensor>, template: WeightRecord): WeightRecord => {
    const { shape } = template.value as Tensor;
    return { ...template, value: reshaped(method, weight.parts[0]!, shape) };
  };
  return {
    plan: () => ({ observed: spec.momentum ?? MOMENTUM }),
    shared: ({ value }) => sharedMatrices([flat(method, value as Tensor)]),
    record,
    look: (weight, template) => ({
      point: representationOf(spec).point(record(weight, template)),
      flow: ({ gradient: observed }) => matricesFlow([flat(method, observed)]),
    }),
  };
}

/** A variable of any shape as a matrix. */
function flat({ algebra: a }: TrainingMethod, t: Tensor): Tensor {
  const columns = t.shape.at(-1) ?? 1;
  return t.shape.length === 2 ? t : a.reshape(t, t.size / columns, columns);
}

function reshaped({ engine }: TrainingMethod, t: Tensor, shape: readonly number[]): Tensor {
  return shape.length === 2 ? t : engine.reshape(t, shape);
}
