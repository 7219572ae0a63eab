import type { Tensor } from "../../backend/mod.ts";
import { checkNumber } from "../../checks.ts";
import { meanMeter, type Model, type Task } from "../task.ts";
import { meanSquare } from "./regression.ts";

/**
 * What a function and its gradient are learnt from.
 *
 * @example Gradients count for half
 * ```ts
 * import { examples, sobolev, type SobolevOptions } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const data = examples({ x: [[0], [1]], value: [[0], [1]], gradient: [[0], [2]] });
 * const options: SobolevOptions = { train: data, test: data, weight: 0.5 };
 * assertEquals(sobolev(options).measures.map((m) => m.name), ["rmse", "gradientRmse"]);
 * ```
 */
export interface SobolevOptions extends Pick<Task, "train" | "test"> {
  /** Weight of the gradient's error beside the value's; default 1. */
  readonly weight?: number;
}

/**
 * A scalar function and its gradient in the inputs (Czarnecki et al., NeurIPS 2017): the mean
 * squared error of the value, plus `weight` times that of the gradient's entries.
 *
 * Columns are `x`, batch×n, `value`, batch×1, and `gradient`, batch×n. The network must offer its
 * derivative in the input; the engine differentiates that in the weights, in the same pass.
 *
 * @example Values with gradients
 * ```ts
 * import { examples, fit, perceptron, sobolev } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const data = examples({ x: [[0], [1]], value: [[0], [1]], gradient: [[0], [2]] });
 * const network = perceptron({ sizes: [1, 8, 1], activation: "tanh" });
 * const task = sobolev({ train: data, test: data });
 * using model = await fit(network, task, { epochs: 1, backend: "cpu" });
 * assertEquals(Object.keys(model.test!.values), ["rmse", "gradientRmse"]);
 * ```
 */
export function sobolev({ weight = 1, ...data }: SobolevOptions): Task {
  checkNumber("learn a function and its gradient", "weight", weight, { least: 0 });
  const errors = (model: Model, { x, value, gradient }: Readonly<Record<string, Tensor>>) => {
    const { y, pullback } = model.linearise(x!);
    const found = pullback(model.engine.fill(y.shape, 1));
    return { value: meanSquare(model, y, value!), gradient: meanSquare(model, found, gradient!) };
  };
  const loss: Task["loss"] = (model, batch) => {
    const e = errors(model, batch);
    return model.engine.lincomb(1, e.value, weight, e.gradient);
  };
  return {
    ...data,
    name: "sobolev",
    measures: [{ name: "rmse", better: "less" }, { name: "gradientRmse", better: "less" }],
    loss,
    meter: () =>
      meanMeter(
        {
          loss,
          value: (model, batch) => errors(model, batch).value,
          gradient: (model, batch) => errors(model, batch).gradient,
        },
        (m) => ({ rmse: Math.sqrt(m.value!), gradientRmse: Math.sqrt(m.gradient!) }),
      ),
  };
}
