/**
 * rankflow: geometric low-rank training. Networks are trained on manifolds of low-rank matrices by
 * the integrators of dynamical low-rank approximation, with ranks that adapt.
 *
 * {@linkcode fit} trains a network on arrays, or on a task of one's own; layers make networks, and
 * registries have the plugins by name. `@rankflow/rankflow/core`, `/layers`, `/optimizers` and
 * `/tasks` have everything, and `deno run -A jsr:@rankflow/rankflow/cli` is the command line.
 * Importing this fetches no package: the tensor engine is fetched by the first `fit` or
 * {@linkcode openEngine}, the renderer of charts by the first chart.
 *
 * @example A regression on arrays, in low rank
 * ```ts
 * import { fit, load, perceptron } from "@rankflow/rankflow";
 * import { assertEquals, assertLess } from "@std/assert";
 *
 * const x = Array.from({ length: 400 }, (_, i) => [i / 200 - 1, Math.sin(i)]);
 * const y = x.map(([a, b]) => Math.sin(3 * a!) * b!);
 * const network = perceptron({ sizes: [2, 64, 64, 1], format: "low-rank", activation: "tanh" });
 * using model = await fit(network, { x, y }, { epochs: 40 });
 * const { values } = await model.measure({ x, y });
 * assertLess(values.rmse!, 0.35);
 *
 * const path = await Deno.makeTempFile({ suffix: ".safetensors" });
 * await model.save(path);
 * using again = await load(network, path);
 * assertEquals((await again.predict([[0.5, 1]])).data, (await model.predict([[0.5, 1]])).data);
 * await Deno.remove(path);
 * ```
 *
 * @example A classifier: `y` has a class per example, the network an output per class
 * ```ts
 * import { fit, perceptron } from "@rankflow/rankflow";
 * import { assertGreater } from "@std/assert";
 *
 * const x = Array.from({ length: 600 }, (_, i) => [Math.cos(i), Math.sin(7 * i)]);
 * const y = x.map(([a, b]) => (a! > 0 ? 1 : 0) + (b! > 0 ? 2 : 0));
 * const network = perceptron({ sizes: [2, 32, 32, 4], format: "low-rank" });
 * using model = await fit(network, { x, y }, { epochs: 20, optimizer: "adamw:weightDecay=0.001" });
 * assertGreater(model.test!.values.accuracy!, 0.9);
 * const { classes } = await model.predict([[0.6, 0.8], [-0.6, 0.8]]);
 * console.log(classes, model.ranks);
 * ```
 *
 * @module
 */

export {
  type Arrays,
  examples,
  fit,
  type FitOptions,
  History,
  load,
  type NumberArray,
  type Numbers,
  Plot,
  plot,
  type PlotOptions,
  Prediction,
  type RunsOn,
  type ShapedNumbers,
  TrainedModel,
} from "./tasks/library/mod.ts";
export {
  type Activation,
  type AdaptiveCoefficients,
  type Advanced,
  type Algebra,
  type AugmentationStep,
  augmentedBug,
  autoencoding,
  type Awaitable,
  type Backend,
  type BackendOptions,
  backends,
  type BasisChange,
  type Batch,
  type CapturedPair,
  type ChainKernel,
  classification,
  type ClassificationOptions,
  type Column,
  type Configurable,
  type ConvGeometry,
  type CyclePlace,
  type Dataset,
  datasets,
  type DatasetSource,
  denseField,
  type DenseKernels,
  type DenseTensor,
  type Descent,
  type Elementwise,
  type Engine,
  type Examples,
  type Factors,
  type FieldAt,
  type FixedVectors,
  type GeluForm,
  type GradientPair,
  hostAlgebra,
  type HostArray,
  type ImageAugmentation,
  type Initialiser,
  integrate,
  type IntegrateOptions,
  type Integrator,
  integrators,
  type InverseFactor,
  type Layer,
  type LeftSvd,
  type Linearised,
  type LineChartOptions,
  type Listener,
  type LoadOptions,
  type LoadProgress,
  type LocalField,
  type Look,
  type LowRank,
  type MatMulOptions,
  type Matrix,
  matrix,
  type Measure,
  type Measurement,
  type Memory,
  type MemoryInfo,
  type Meter,
  type MetricLine,
  type Model,
  type ModeTruncation,
  type Moment,
  type MomentSlots,
  type Motion,
  type NativeInverseFactor,
  type NativeLeftSvd,
  type NativeLinalg,
  type NativeSvd,
  type NetworkAt,
  nextToken,
  type NextTokenOptions,
  type Normalisation,
  type OpenedEngine,
  openEngine,
  type OpenTucker,
  type OptimizerRule,
  type Padding,
  type ParameterGroup,
  type Pass,
  type PassedOver,
  type Plugin,
  type Point,
  type ProductOptions,
  type Qr,
  type Random,
  type RandomState,
  type RefreshRule,
  refreshRules,
  Registry,
  regression,
  type RegressionOptions,
  type Regularization,
  type RegularizedWeight,
  type Regularizer,
  regularizers,
  type RegularizerSettings,
  type RegularizerTerm,
  relativeFrobenius,
  type RightHandSide,
  rk4,
  type RotaryPairing,
  type RuleState,
  type RuleStep,
  type RunCheckpoint,
  type RunDownload,
  type RunEnd,
  type RunEndReason,
  type RunEpoch,
  type RunEvent,
  type RunMessage,
  type RunStart,
  type RunStep,
  type ScoreOptions,
  type SequenceOperations,
  type SettingLimits,
  type Settings,
  type SettingValue,
  type SideWeights,
  sobolev,
  type SobolevOptions,
  type Split,
  type SplitBasis,
  type StateTree,
  type StepOptions,
  type Stepper,
  type StepResult,
  type StrengthSchedule,
  type SubFlow,
  type Summary,
  type SummaryMeasure,
  type Svd,
  type Task,
  type Tensor,
  type TestKey,
  type Timed,
  type TimeIntegrator,
  toDense,
  type Truncation,
  type TruncationRule,
  truncationRules,
  type TuckerFieldAt,
  type TuckerIntegrator,
  type TuckerPoint,
  type TuckerRightHandSide,
  type TuckerStepOptions,
  type TuckerStepResult,
  type TuckerTensor,
  type TuckerTruncation,
  type Tunable,
  type Updated,
  type ValueAndGradients,
  type WeightRecord,
  type WeightSpec,
  type WeightState,
  type WeightStates,
  type WindowGeometry,
  windowsOf,
  type Words,
} from "./core/mod.ts";
export {
  activate,
  averagePool,
  batchNorm,
  type BatchNormOptions,
  conv2d,
  type Conv2dOptions,
  type ConvOptions,
  type ConvWindowOptions,
  dropout,
  type DropoutOptions,
  embedding,
  type EmbeddingOptions,
  globalAveragePool,
  initialisers,
  layerNorm,
  type LayerNormOptions,
  linear,
  type LinearOptions,
  maxPool,
  type NetworkFamily,
  type NetworkOptions,
  networks,
  type NormaliseOptions,
  type PaddingChoice,
  type Pair,
  perceptron,
  type PerceptronOptions,
  type PoolOptions,
  residual,
  type ResidualOptions,
  sequential,
  type WeightOptions,
  type WindowOptions,
} from "./layers/mod.ts";
export {
  type BaseSettings,
  type Optimizer,
  optimizers,
  type Schedule,
  schedules,
  type ScheduleSettings,
} from "./optimizers/mod.ts";
