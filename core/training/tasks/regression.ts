import type { Tensor } from "../../backend/mod.ts";
import { meanMeter, type Model, type Task } from "../task.ts";

/**
 * Examples whose column `x` has the inputs and `y` the targets, in the shape of the outputs.
 *
 * @example Measured on what was learnt
 * ```ts
 * import { examples, regression, type RegressionOptions } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const data = examples({ x: [0, 1], y: [0, 2] });
 * const options: RegressionOptions = { train: data, test: data };
 * assertEquals(regression(options).name, "regression");
 * ```
 */
export type RegressionOptions = Pick<Task, "train" | "test">;

/**
 * Numbers from inputs: the mean squared error over all outputs.
 *
 * @example Its measure
 * ```ts
 * import { examples, regression } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const data = examples({ x: [[0, 1], [1, 0]], y: [1, 2] });
 * assertEquals(regression({ train: data, test: data }).measures[0].name, "rmse");
 * ```
 */
export function regression(data: RegressionOptions): Task {
  const error: Task["loss"] = (model, { x, y }) => meanSquare(model, model.forward(x!), y!);
  return { ...data, name: "regression", ...squaredError(error) };
}

/**
 * Outputs equal to the inputs, column `x`: the mean squared error of what comes back.
 *
 * @example Inputs are the targets
 * ```ts
 * import { autoencoding, examples } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const data = examples({ x: [[0, 1], [1, 0]] });
 * assertEquals(autoencoding({ train: data, test: data }).measures[0].name, "rmse");
 * ```
 */
export function autoencoding(data: RegressionOptions): Task {
  const error: Task["loss"] = (model, { x }) => meanSquare(model, model.forward(x!), x!);
  return { ...data, name: "autoencoding", ...squaredError(error) };
}

/** Loss and measure of a task whose loss is a mean squared error. */
function squaredError(loss: Task["loss"]): Pick<Task, "measures" | "loss" | "meter"> {
  return {
    measures: [{ name: "rmse", better: "less" }],
    loss,
    meter: () => meanMeter({ loss }, (m) => ({ rmse: Math.sqrt(m.loss!) })),
  };
}

/** Mean over all entries of (y − t)². */
export function meanSquare({ engine }: Model, y: Tensor, t: Tensor): Tensor {
  const difference = engine.sub(y, engine.reshape(t, y.shape));
  return engine.scale(1 / y.size, engine.sum(engine.square(difference)));
}
