import type { Engine, Tensor } from "../../backend/mod.ts";
import { Random } from "../../random.ts";
import { drawsOf } from "../draws.ts";
import type { TrainingMethod } from "../method.ts";
import type {
  ConvUse,
  LinearUse,
  MatrixReading,
  Representation,
  TuckerReading,
  VariablesReading,
} from "../representation.ts";
import type { WeightPoint, WeightRecord, WeightSpec } from "../weight.ts";

/** A base that stands still and what is added to it. */
interface AdaptedRecord extends WeightRecord {
  readonly base: WeightRecord;
  readonly increment: WeightRecord;
}

/** What the tensors of the base are called in a point: the increment's keep their names. */
const BASE = "base.";

/**
 * W = W₀ + α ΔW with a base that never moves and an increment of any representation, which starts
 * at zero; α is the `scale` of the weight. Gradients, ranks and singular values are ΔW's.
 *
 * @param base What W₀ is.
 * @param increment What ΔW is; movers see nothing else.
 */
export function adapted(base: Representation, increment: Representation): Representation {
  const { atZero, conv2d } = increment;
  if (!atZero) throw new RangeError("Cannot adapt a weight: its increment has no zero to start at");
  const fresh = async (method: TrainingMethod, spec: WeightSpec, random: Random) =>
    atZero(method, await increment.create(method, spec, random));
  return {
    anchor: increment.anchor,

    async create(method, spec, random) {
      return {
        base: await base.create(method, spec, random.fork("base")),
        increment: await fresh(method, spec, random.fork("increment")),
      };
    },

    point: (state) => joined(base, state, increment.point((state as AdaptedRecord).increment)),

    linear(engine, point, x, use) {
      const inner = { ...use, bias: null, activation: "identity" } as const;
      const { capture: _, ...still } = inner;
      const y = base.linear(engine, baseOf(point), x, { ...still, bias: use.bias });
      return summed(engine, y, increment.linear(engine, point, x, inner), use);
    },

    ...base.conv2d && conv2d
      ? {
        conv2d(engine: Engine, point: WeightPoint, x: Tensor, use: ConvUse): Tensor {
          const inner = { ...use, bias: null, activation: "identity" } as const;
          const { capture: _, ...still } = inner;
          const y = base.conv2d!(engine, baseOf(point), x, { ...still, bias: use.bias });
          return summed(engine, y, conv2d(engine, point, x, inner), use);
        },
      }
      : {},

    size(state) {
      const { base: still, increment: own } = state as AdaptedRecord;
      return base.size(still) + increment.size(own);
    },

    gradientSquare: increment.gradientSquare,
    rank: (state) => increment.rank((state as AdaptedRecord).increment),
    singularValues: (method, state) =>
      increment.singularValues(method, (state as AdaptedRecord).increment),

    toDense(method, spec, state) {
      const { base: still, increment: own } = state as AdaptedRecord;
      const whole = base.toDense!(method, spec, still);
      const added = increment.toDense!(method, spec, own);
      return method.engine.lincomb(1, whole, spec.scale ?? 1, added);
    },

    async fromDense(method, spec, value, compression) {
      const { state, discarded } = await base.fromDense!(method, spec, value, compression);
      const own = await fresh(method, spec, new Random(0).fork(spec.name));
      return {
        state: { base: state, increment: own },
        ...(discarded === undefined ? {} : { discarded }),
      };
    },

    async merged(method, spec, state, merge) {
      const whole = this.toDense!(method, spec, state);
      return {
        base: (await base.fromDense!(method, spec, whole, {})).state,
        increment: await fresh(method, spec, drawsOf(method, spec, merge)),
      };
    },

    ...readings(base, increment),
  };
}

/** Readings of the increment, whose points hold the base as well. */
function readings(
  base: Representation,
  { asMatrix, asTucker, asVariables }: Representation,
): Pick<Representation, "asMatrix" | "asTucker" | "asVariables"> {
  type Ask = [method: TrainingMethod, spec: WeightSpec, state: WeightRecord];
  const own = (state: WeightRecord) => (state as AdaptedRecord).increment;
  const kept = (state: WeightRecord, increment: WeightRecord): WeightRecord => ({
    base: (state as AdaptedRecord).base,
    increment,
  });
  return {
    ...asMatrix && {
      asMatrix(...[method, spec, state]: Ask): MatrixReading {
        const reading = asMatrix(method, spec, own(state));
        return {
          ...reading,
          point: (y) => joined(base, state, reading.point(y)),
          store: (y) => kept(state, reading.store(y)),
        };
      },
    },
    ...asTucker && {
      asTucker(...[method, spec, state]: Ask): TuckerReading {
        const reading = asTucker(method, spec, own(state));
        return {
          ...reading,
          point: (y) => joined(base, state, reading.point(y)),
          store: (y) => kept(state, reading.store(y)),
        };
      },
    },
    ...asVariables && {
      asVariables(...[method, spec, state]: Ask): VariablesReading {
        // Regularizers act on whole weights, which no increment is.
        const { whole: _, ...reading } = asVariables(method, spec, own(state));
        return {
          ...reading,
          point: joined(base, state, reading.point),
          store: (next) => kept(state, reading.store(next)),
        };
      },
    },
  };
}

/** A point of the increment with the tensors of the base. */
function joined(base: Representation, state: WeightRecord, point: WeightPoint): WeightPoint {
  return { ...renamed(base.point((state as AdaptedRecord).base)), ...point };
}

/** act(y + α z). */
function summed(
  engine: Engine,
  y: Tensor,
  z: Tensor,
  { spec, activation }: Pick<LinearUse, "spec" | "activation">,
): Tensor {
  const sum = engine.lincomb(1, y, spec.scale ?? 1, z);
  return activation === "identity" ? sum : engine.activate(sum, activation);
}

function renamed(point: WeightPoint): WeightPoint {
  return Object.fromEntries(Object.entries(point).map(([key, t]) => [BASE + key, t]));
}

function baseOf(point: WeightPoint): WeightPoint {
  const own = Object.entries(point).filter(([key]) => key.startsWith(BASE));
  return Object.fromEntries(own.map(([key, t]) => [key.slice(BASE.length), t]));
}
