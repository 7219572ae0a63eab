import type { Engine, Tensor } from "../../backend/mod.ts";
import { checkNumber } from "../../checks.ts";
import { type Batch, meanMeter, type Model, type Task } from "../task.ts";
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
  /** A function of the gradient that must be right, too; default: none. */
  readonly image?: GradientImage;
}

/**
 * A function of a gradient, of which examples have the values in a column `image`.
 *
 * @example Squares of derivatives, learnt beside the value
 * ```ts
 * import { examples, type GradientImage, sobolev } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const image: GradientImage = { weight: 0.5, of: (engine, g) => engine.square(g) };
 * const data = examples({ x: [[1]], value: [[1]], gradient: [[2]], image: [[4]] });
 * const { measures } = sobolev({ train: data, test: data, image });
 * assertEquals(measures.map(({ name }) => name), ["rmse", "gradientRmse", "imageRmse"]);
 * ```
 */
export interface GradientImage {
  /** Weight of its mean squared error beside the value's. */
  readonly weight: number;
  /** Maps gradients, batch×n; differentiable. */
  of(engine: Engine, gradient: Tensor): Tensor;
}

/**
 * A scalar function and its gradient in the inputs (Czarnecki et al., NeurIPS 2017): the mean
 * squared error of the value, plus `weight` times that of the gradient's entries, and likewise of a
 * function of the gradient where there is one.
 *
 * Columns are `x`, batch×n, `value`, batch×1, `gradient`, batch×n, and `image` where that is
 * learnt. The network must offer its
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
export function sobolev({ weight = 1, image, ...data }: SobolevOptions): Task {
  checkNumber("learn a function and its gradient", "weight", weight, { least: 0 });
  const errors = (model: Model, batch: Batch) => {
    const { engine } = model;
    const { y, pullback } = model.linearise(batch.x!);
    const found = pullback(engine.fill(y.shape, 1));
    const value = meanSquare(model, y, batch.value!);
    const gradient = meanSquare(model, found, batch.gradient!);
    const mapped = image && meanSquare(model, image.of(engine, found), batch.image!);
    return { value, gradient, image: mapped ?? engine.zeros([]) };
  };
  const loss: Task["loss"] = (model, batch) => {
    const e = errors(model, batch);
    const both = model.engine.lincomb(1, e.value, weight, e.gradient);
    return image ? model.engine.lincomb(1, both, image.weight, e.image) : both;
  };
  const told = image ? ["value", "gradient", "image"] as const : ["value", "gradient"] as const;
  return {
    ...data,
    name: "sobolev",
    measures: [
      { name: "rmse", better: "less" },
      { name: "gradientRmse", better: "less" },
      ...(image ? [{ name: "imageRmse", better: "less" } as const] : []),
    ],
    loss,
    meter: () => {
      const means = told.map((name) =>
        [name, (model: Model, batch: Batch) => errors(model, batch)[name]] as const
      );
      return meanMeter({ loss, ...Object.fromEntries(means) }, (m) => ({
        rmse: Math.sqrt(m.value!),
        gradientRmse: Math.sqrt(m.gradient!),
        ...(image ? { imageRmse: Math.sqrt(m.image!) } : {}),
      }));
    },
  };
}
