import type { Tensor } from "../backend/mod.ts";
import type { RuleState } from "../integrators/mod.ts";
import type { Updated } from "./rule.ts";
import {
  type TrainingMethod,
  type WeightFormat,
  weightFormats,
  type WeightState,
} from "./parameter.ts";
import { regularisedGradient } from "./regularize.ts";
import { startValues } from "./start.ts";

/** State of a dense weight. */
interface DenseState extends WeightState {
  readonly format: "dense";
  readonly value: Tensor;
}

/** Full matrices and vectors, moved by the optimizer rule itself. */
export const denseFormat: WeightFormat = weightFormats.add({
  name: "dense",
  description: "full weights, moved by the optimizer rule",
  waits: true,
  anchor: "value",

  create({ engine }, spec, random) {
    const data = startValues(spec, random);
    return Promise.resolve({ format: "dense", value: engine.tensor(data, spec.shape) });
  },

  point: (state) => ({ value: (state as DenseState).value }),

  linear: (engine, point, x, bias, activation) => engine.linear(x, point.value!, bias, activation),

  conv2d: (engine, point, x, bias, geometry, activation) =>
    engine.conv2d(x, point.value!, bias, geometry, activation),

  async *update(method, spec, state, rate) {
    const { value, moments } = state as DenseState & { moments?: RuleState<Tensor> };
    const { gradient } = yield { value };
    const flow = await regularisedGradient(method, spec, gradient, value);
    const next = await updated(method, value, flow, rate, moments);
    return {
      state: {
        format: "dense",
        value: next.value,
        ...(next.state ? { moments: next.state } : {}),
      },
    };
  },

  size: (state) => (state as DenseState).value.size,
  async gradientSquare({ engine }, _point, { gradient }) {
    return (await engine.read(engine.norm(gradient)))[0]! ** 2;
  },
  rank: () => undefined,
  singularValues: () => Promise.resolve(undefined),

  toDense: ({ engine }, _spec, state) => engine.clone((state as DenseState).value),
  fromDense: ({ engine }, _spec, value) =>
    Promise.resolve({ state: { format: "dense", value: engine.clone(value) } }),
});

/** One update, for rules that want matrices of kernels and vectors as such. */
async function updated(
  { algebra: a, engine, rule }: TrainingMethod,
  x: Tensor,
  flow: Tensor,
  rate: number,
  state: RuleState<Tensor> | undefined,
): Promise<Updated<Tensor>> {
  const step = { rate, decay: rule.weightDecay, vector: x.shape.length < 2 };
  if (!rule.matrices || x.shape.length === 2) return await rule.update(a, x, flow, step, state);
  const columns = x.shape.at(-1) ?? 1;
  const asMatrix = (t: Tensor): Tensor => a.reshape(t, x.size / columns, columns);
  const next = await rule.update(a, asMatrix(x), asMatrix(flow), step, state);
  return { ...next, value: engine.reshape(next.value, x.shape) };
}
