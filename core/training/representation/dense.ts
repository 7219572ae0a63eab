import type { Tensor } from "../../backend/mod.ts";
import { startValues } from "../start.ts";
import type { WeightRecord } from "../weight.ts";
import type { Representation } from "../representation.ts";

/** What is stored in full. */
interface DenseRecord extends WeightRecord {
  readonly value: Tensor;
}

/** Full matrices, kernels and vectors. */
export const dense: Representation = {
  anchor: "value",

  create({ engine }, spec, random) {
    const data = startValues(spec, random);
    return Promise.resolve({ value: engine.tensor(data, spec.shape) });
  },

  point: (state) => ({ value: (state as DenseRecord).value }),

  linear(engine, { value }, x, { bias, activation, transpose = false }) {
    const matrix = value!.shape.length === 2
      ? value!
      : engine.reshape(value!, [value!.shape[0]!, value!.size / value!.shape[0]!]);
    const w = transpose ? engine.transpose(matrix) : matrix;
    return engine.linear(x, w, bias, activation);
  },

  lookup: (engine, { value }, ids) => engine.gather(value!, ids),

  conv2d: (engine, { value }, x, { bias, geometry, activation }) =>
    engine.conv2d(x, value!, bias, geometry, activation),

  size: (state) => (state as DenseRecord).value.size,
  async gradientSquare({ engine }, _point, { gradient, mean }) {
    const whole = mean ? await mean(gradient) : gradient;
    return (await engine.read(engine.norm(whole)))[0]! ** 2;
  },
  rank: () => undefined,
  singularValues: () => Promise.resolve(undefined),

  toDense: ({ engine }, _spec, state) => engine.clone((state as DenseRecord).value),
  fromDense: ({ engine }, _spec, value) =>
    Promise.resolve({ state: { value: engine.clone(value) } }),

  atZero: ({ engine }, state) => ({ value: engine.zeros((state as DenseRecord).value.shape) }),

  asVariables(_method, _spec, state) {
    const { value } = state as DenseRecord;
    return {
      start: { value },
      whole: "value",
      point: { value },
      gradients: ({ gradient }) => ({ value: gradient }),
      store: (variables) => variables,
    };
  },
};

const { conv2d: _, lookup: __, ...applied } = dense;

/** Running means of what passes observe: stored and resumed with weights, but none. */
export const statistic: Representation = {
  ...applied,
  anchor: undefined,
  linear() {
    throw new Error("Cannot apply a statistic as a linear map: expected a weight");
  },
  size: () => 0,
  gradientSquare: () => Promise.resolve(0),
};
