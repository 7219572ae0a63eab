/**
 * Truncation by what layers hand on, in place of what their weights are.
 *
 * @module
 */

import { type Algebra, hostAlgebra, type Matrix, matrixOf } from "../algebra/mod.ts";
import type { Engine, Tensor } from "../backend/mod.ts";
import { batches, type Examples } from "../data/mod.ts";
import { clampedRank } from "../integrators/mod.ts";
import { denseNetwork } from "./compression.ts";
import { becomesMatrix } from "./ranks.ts";
import { uploaded } from "./measure.ts";
import type { TrainingMethod } from "./method.ts";
import { currentPoints, type Layer, Pass } from "./pass.ts";
import type { Compression } from "./representation.ts";
import { compressing, matrixShape } from "./representation/matrix_factors.ts";
import type { WeightSpec, WeightState, WeightStates } from "./weight.ts";

/** Full weights of lower rank, and a network that holds them without loss. */
export interface AlongOutputs {
  /** Full weights and biases; statistics as they were. The caller disposes what is new. */
  readonly states: WeightStates;
  /** The network with the rank that each weight has now. */
  readonly network: Layer;
  /** Share of the variance of a layer's outputs that is left out, by the name of its weight. */
  readonly leftOut: Readonly<Record<string, number>>;
}

/** What is asked for beside the network. */
export interface AlongOutputsOptions extends Compression {
  /** Inputs, whose column `x` the network takes; they need no labels. */
  readonly examples: Examples;
  /** Examples per forward pass; default 256. */
  readonly batch?: number;
}

/**
 * Truncates y = x W + b to the leading principal components of its outputs over examples, before the
 * activation (atomic feature mimicking: Yu et al., arXiv 2405.18146): W ← W Q Qᵀ and
 * b ← (b − μ) Q Qᵀ + μ for the mean μ and the leading eigenvectors Q of the covariance. No outputs of
 * that rank are nearer to y in the mean; scales of the inputs do not matter, as they do to an SVD of
 * W. The truncation rule sees the standard deviations of the components. A layer without bias keeps
 * no mean: its second moments stand for the covariance. Kernels are judged by every pixel.
 *
 * Kernels in Tucker format, and what is used transposed alone, stay as they are. All layers are
 * judged in one pass, each by the outputs of the layers before it as they were.
 *
 * @param network Declares the formats that the weights shall have.
 * @param states Full weights.
 */
export async function alongOutputs(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
  options: AlongOutputsOptions,
): Promise<AlongOutputs> {
  const moments = await outputMoments(method, denseNetwork(network), states, options);
  const ranks = new Map<string, number>();
  const leftOut: Record<string, number> = {};
  const next: Record<string, WeightState> = { ...states };
  for (const spec of network.weights) {
    const seen = moments.get(spec.name);
    if (!seen || !becomesMatrix(spec)) continue;
    const { q, sigma, mean } = await components(seen);
    const t = compressing(spec, method.truncation, options);
    const rank = clampedRank(sigma, t);
    const square = (values: Float64Array) => values.reduce((sum, x) => sum + x * x, 0);
    leftOut[spec.name] = square(sigma.subarray(rank)) / (square(sigma) || 1);
    ranks.set(spec.name, rank);
    if (rank === sigma.length) continue;
    const projector = projectorOf(method, q, rank);
    next[spec.name] = projected(method, spec, next[spec.name]!, projector);
    if (seen.bias === null) continue;
    next[seen.bias] = shifted(method, next[seen.bias]!, projector, mean);
  }
  const weights = network.weights.map((spec) => {
    const rank = ranks.get(spec.name);
    return rank === undefined ? spec : { ...spec, rank, minRank: rank, maxRank: rank };
  });
  return { states: next, network: { ...network, weights }, leftOut };
}

/** Sums over the outputs of one layer. */
interface Moments {
  /** Name of its bias. */
  readonly bias: string | null;
  /** Near to the mean, so that sums of squares do not cancel. */
  readonly shift: Float64Array;
  count: number;
  readonly sum: Float64Array;
  readonly squares: Float64Array;
}

/** Outputs of every linear map before its activation, over examples. */
async function outputMoments(
  { engine, algebra: a }: TrainingMethod,
  network: Layer,
  states: WeightStates,
  { examples, batch = 256 }: AlongOutputsOptions,
): Promise<Map<string, Moments>> {
  const found = new Map<string, Moments>();
  const points = currentPoints(network, states);
  const order = Uint32Array.from({ length: examples.count }, (_, i) => i);
  for (const host of batches(examples, order, Math.min(batch, examples.count))) {
    await engine.scope(async () => {
      const seen: [weight: string, bias: string | null, y: Tensor][] = [];
      const pass = new Pass(engine, network, points, { training: false });
      network.forward(
        recordingPass(pass, (...output) => seen.push(output)),
        uploaded(engine, host).x!,
      );
      for (const [weight, bias, y] of seen) await add(engine, a, found, weight, bias, y);
    });
  }
  return found;
}

async function add(
  engine: Engine,
  a: Algebra<Tensor>,
  found: Map<string, Moments>,
  weight: string,
  bias: string | null,
  y: Tensor,
): Promise<void> {
  const n = y.shape.at(-1)!;
  const count = y.size / n;
  const rows = engine.reshape(y, [count, n]);
  const ones = engine.fill([1, count], 1);
  const shift = found.get(weight)?.shift ??
    (await a.read(a.multiply(ones, rows))).map((x) => Math.fround(x / count));
  const near = engine.sub(rows, a.from(shift, 1, n));
  const known = found.get(weight) ??
    { bias, shift, count: 0, sum: new Float64Array(n), squares: new Float64Array(n * n) };
  const [sum, squares] = [
    await a.read(a.multiply(ones, near)),
    await a.read(a.multiply(near, near, { transposeLeft: true })),
  ];
  known.count += count;
  sum.forEach((x, i) => known.sum[i]! += x);
  squares.forEach((x, i) => known.squares[i]! += x);
  found.set(weight, known);
}

/**
 * A pass that tells what its linear maps and convolutions hand on before the activation.
 *
 * @param seen Is told each output, in the order of the forward map.
 *
 * @example What the map of a network makes of a row
 * ```ts
 * import { linear } from "@rankflow/rankflow";
 * import { openEngine, Pass, recordingPass } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const { engine } = await openEngine("cpu");
 * const network = linear({ name: "map", inputs: 1, outputs: 1, bias: false, activation: "relu" });
 * const value = engine.tensor(Float32Array.of(-2), [1, 1]);
 * const pass = new Pass(engine, network, new Map([["map.weight", { value }]]), { training: false });
 * const seen: number[] = [];
 * const told = recordingPass(pass, (_weight, _bias, y) => seen.push(y.size));
 * const y = network.forward(told, engine.tensor(Float32Array.of(3), [1, 1]));
 * assertEquals([seen, [...await engine.read(y)]], [[1], [0]]);
 * ```
 */
export function recordingPass(
  pass: Pass,
  seen: (weight: string, bias: string | null, y: Tensor) => void,
): Pass {
  const act: Engine["activate"] = (y, activation) =>
    activation === "identity" ? y : pass.engine.activate(y, activation);
  const linear: Pass["linear"] = (weight, x, bias, activation, options = {}) => {
    const y = pass.linear(weight, x, bias, "identity", options);
    if (!options.transpose) seen(weight, bias, y);
    return act(y, activation);
  };
  const conv2d: Pass["conv2d"] = (weight, x, bias, geometry, activation) => {
    const y = pass.conv2d(weight, x, bias, geometry, "identity");
    seen(weight, bias, y);
    return act(y, activation);
  };
  return new Proxy(pass, {
    get(target, key) {
      if (key === "linear") return linear;
      if (key === "conv2d") return conv2d;
      const member = Reflect.get(target, key);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** Principal components with their standard deviations, descending. */
async function components(
  { bias, shift, count, sum, squares }: Moments,
): Promise<{ q: Matrix; sigma: Float64Array; mean: Float64Array }> {
  const n = shift.length;
  const off = sum.map((x) => x / count);
  const mean = shift.map((x, i) => x + off[i]!);
  const around = (i: number, j: number) => bias === null ? mean[i]! * mean[j]! : 0;
  const covariance = matrixOf(
    n,
    n,
    (i, j) => squares[i * n + j]! / count - off[i]! * off[j]! + around(i, j),
  );
  const { p, sigma } = await hostAlgebra().svd(covariance);
  return { q: p, sigma: sigma.map(Math.sqrt), mean };
}

/** Q Qᵀ of the leading components. */
function projectorOf({ algebra: a }: TrainingMethod, q: Matrix, rank: number): Tensor {
  const leading = a.columns(a.from(q.data, q.rows, q.cols), 0, rank);
  return a.multiply(leading, leading, { transposeRight: true });
}

function projected(
  { algebra: a, engine }: TrainingMethod,
  spec: WeightSpec,
  state: WeightState,
  projector: Tensor,
): WeightState {
  const w = a.reshape(state.value as Tensor, ...matrixShape(spec));
  return { format: state.format, value: engine.reshape(a.multiply(w, projector), spec.shape) };
}

/** (b − μ) Q Qᵀ + μ. */
function shifted(
  { algebra: a, engine }: TrainingMethod,
  state: WeightState,
  projector: Tensor,
  mean: Float64Array,
): WeightState {
  const { size, shape } = state.value as Tensor;
  const mu = a.from(mean, 1, size);
  const b = a.lincomb(1, a.reshape(state.value as Tensor, 1, size), -1, mu);
  const value = a.lincomb(1, a.multiply(b, projector), 1, mu);
  return { format: state.format, value: engine.reshape(value, shape) };
}
