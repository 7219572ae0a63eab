/**
 * rankflow: geometric low-rank training. Networks are trained on manifolds of low-rank matrices by
 * the integrators of dynamical low-rank approximation, with ranks that adapt.
 *
 * This entry has what most programs need; `@rankflow/rankflow/core`, `/layers`, `/optimizers` and
 * `/tasks` have everything. Importing it loads no tensor engine: `openEngine` does.
 *
 * @example Training a low-rank network
 * ```ts
 * import {
 *   datasets,
 *   engineAlgebra,
 *   integrators,
 *   openEngine,
 *   optimizers,
 *   optimizerStepper,
 *   perceptron,
 *   relativeFrobenius,
 *   tensorsIn,
 *   train,
 * } from "@rankflow/rankflow";
 * import { assert } from "@std/assert";
 *
 * const { engine } = await openEngine("wasm");
 * const rule = optimizers.get("adam").create();
 * const dataset = await datasets.get("blobs").load({ seed: 1, trainCount: 512, testCount: 128 });
 * const inputs = dataset.shape.reduce((n, d) => n * d, 1);
 * const result = await train({
 *   label: "low rank",
 *   method: {
 *     engine,
 *     algebra: engineAlgebra(engine),
 *     rule,
 *     stepper: optimizerStepper(rule),
 *     integrator: integrators.get("augmented-bug"),
 *     truncation: { rule: relativeFrobenius, tolerance: 0.1 },
 *   },
 *   network: perceptron({ sizes: [inputs, 32, 32, dataset.classes], format: "low-rank", rank: 8 }),
 *   dataset,
 *   seed: 1,
 *   epochs: 4,
 *   batch: 64,
 *   rate: () => 5e-3,
 * });
 * assert(result.test!.accuracy > 0.5);
 * tensorsIn(result.state.states).forEach((t) => t.dispose());
 * ```
 *
 * @module
 */

export {
  type Algebra,
  attackImages,
  attacks,
  augmentedBug,
  backends,
  bug,
  classifierOf,
  type Dataset,
  datasets,
  denseField,
  type Engine,
  engineAlgebra,
  euler,
  type FieldAt,
  hostAlgebra,
  integrate,
  type Integrator,
  integrators,
  type Layer,
  type LowRank,
  lowRankOf,
  type Matrix,
  matrix,
  openEngine,
  openHostAlgebra,
  optimizerStepper,
  parallelBug,
  type Plugin,
  Random,
  Registry,
  regularizers,
  relativeFrobenius,
  rk4,
  RunFolder,
  type Stepper,
  steppers,
  type Tensor,
  tensorsIn,
  toDense,
  train,
  type TrainingMethod,
  type TrainOptions,
  type TrainResult,
  truncate,
  type Truncation,
  type TruncationRule,
  truncationRules,
  weightFormats,
} from "./core/mod.ts";
export { initialisers, linear, networks, perceptron, sequential } from "./layers/mod.ts";
export { type Optimizer, optimizers, rateAt, type Schedule, schedules } from "./optimizers/mod.ts";
