/** Small networks around one kernel, and the same with the whole kernel. */

import {
  compressStates,
  currentPoints,
  denseNetwork,
  initialStates,
  type Layer,
  Random,
  representationOf,
  type Tensor,
  type TrainingMethod,
  type WeightStates,
} from "../../core/mod.ts";
import { conv2d, type Conv2dOptions, flatten, linear, sequential } from "../../layers/mod.ts";
import { evaluateAt, type LabelledBatch } from "./training.ts";

/** The kernel's name in these networks. */
export const KERNEL = "a.kernel";

/** A convolution of images, then a classifier that sees every pixel. */
export function kernelNet(
  options: Omit<Conv2dOptions, "name">,
  extents: readonly [number, number],
  classes = 3,
): Layer {
  const layer = conv2d({ name: "a", activation: "tanh", ...options });
  const inputs = outputPixels(options, extents) * options.outputs;
  return sequential([layer, flatten(), linear({ name: "classifier", inputs, outputs: classes })]);
}

/** Pixels after a convolution with padding "same". */
function outputPixels(options: Omit<Conv2dOptions, "name">, extents: readonly number[]): number {
  const strides = options.strides ?? 1;
  const [down, across] = typeof strides === "number" ? [strides, strides] : strides;
  return Math.ceil(extents[0]! / down!) * Math.ceil(extents[1]! / across!);
}

/** Random images with labels. */
export function imageBatch(
  { engine }: TrainingMethod,
  shape: readonly [number, number, number, number],
  classes = 3,
  seed = 2,
): LabelledBatch {
  const random = new Random(seed);
  const values = random.fillNormal(new Float32Array(shape.reduce((n, d) => n * d, 1)));
  const labels = Int32Array.from({ length: shape[0] }, () => random.integer(classes));
  return { x: engine.tensor(values, shape), y: engine.tensor(labels, [shape[0]]) };
}

/** F = −∇L in the whole weight, through a network that holds it in full. */
export async function wholeField(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
  batch: LabelledBatch,
  name: string = KERNEL,
): Promise<Tensor> {
  const twin = denseNetwork(network);
  const dense = (await compressStates(method, twin, states)).states;
  const evaluation = await evaluateAt(method.engine, twin, currentPoints(twin, dense), batch);
  evaluation.dispose();
  return evaluation.evidence.get(name)!.gradient;
}

/** A weight in full, row-major. */
export async function wholeValues(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
  name: string = KERNEL,
): Promise<Float64Array> {
  const spec = network.weights.find((w) => w.name === name)!;
  const value = representationOf(spec).toDense!(method, spec, states[name]!);
  return Float64Array.from(await method.engine.read(value));
}

/** Runs a check in a scope of its own with fresh states; no tensor may be left over. */
export async function withStates(
  method: TrainingMethod,
  network: Layer,
  check: (states: WeightStates) => Promise<void>,
  seed = 5,
): Promise<number> {
  const before = method.engine.memory().numTensors;
  await method.engine.scope(async () => await check(await initialStates(method, network, seed)));
  return method.engine.memory().numTensors - before;
}
