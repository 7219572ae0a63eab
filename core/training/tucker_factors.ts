/**
 * What formats share that hold kernels in Tucker format: shapes, starts, forward maps.
 *
 * A kernel is a tensor of three modes here: the window (height and width in one), inputs, outputs.
 * The window keeps its full rank, its basis is the identity and has no flow: windows are small, so
 * there is nothing to save in them, and the core is a kernel as it stands. A matrix has two modes.
 *
 * @module
 */

import type { Activation, ConvGeometry, Engine, GradientPair, Tensor } from "../backend/mod.ts";
import type { Truncation } from "../integrators/mod.ts";
import { truncateTucker, type TuckerFieldAt } from "../integrators/tucker/mod.ts";
import type { Random } from "../random.ts";
import { modeProducts, type TuckerTensor } from "../tensors/mod.ts";
import { type ChainShape, planExecution } from "./execution.ts";
import {
  bounds,
  channelsOf,
  compressing,
  pairSquare,
  randomBasis,
  refuseGroups,
  windowOf,
} from "./matrix_factors.ts";
import type {
  Compression,
  Evidence,
  ExecutionPlan,
  TrainingMethod,
  WeightPoint,
  WeightSpec,
} from "./parameter.ts";
import { kernelTuckerField, matrixTuckerField } from "./tucker_field.ts";

/**
 * The tensors that a kernel in Tucker format consists of: height×width×r×q and the bases of the
 * channels; for a matrix the core is r×q.
 */
export interface TuckerParts {
  /** Core, a kernel between the bases. */
  readonly kernel: Tensor;
  /** Basis of the inputs, n×r. */
  readonly in: Tensor;
  /** Basis of the outputs, n×q. */
  readonly out: Tensor;
}

/** The parts as a tensor of three modes, or two for a matrix. */
export function tuckerOf(method: TrainingMethod, parts: TuckerParts): TuckerTensor<Tensor> {
  const { algebra: a } = method;
  const { kernel, in: u, out: v } = parts;
  if (kernel.shape.length === 2) {
    return { core: { shape: kernel.shape, data: kernel }, factors: [u, v] };
  }
  const [height, width, r, q] = kernel.shape as [number, number, number, number];
  const pixels = height * width;
  const core = { shape: [pixels, r, q], data: a.reshape(kernel, pixels, r * q) };
  return { core, factors: [a.identity(pixels), u, v] };
}

/** The parts of a tensor. */
export function partsOf(
  { engine }: TrainingMethod,
  spec: WeightSpec,
  { core, factors }: TuckerTensor<Tensor>,
): TuckerParts {
  const window = windowOf(spec);
  if (!window) return { kernel: core.data, in: factors[0]!, out: factors[1]! };
  const kernel = engine.reshape(core.data, [...window, ...core.shape.slice(1)]);
  return { kernel, in: factors[1]!, out: factors[2]! };
}

/** The whole weight. */
export function wholeWeight(
  method: TrainingMethod,
  spec: WeightSpec,
  y: TuckerTensor<Tensor>,
): Tensor {
  const { algebra: a, engine } = method;
  const factors = y.factors.map((u, k) => windowOf(spec) && k === 0 ? undefined : u);
  return engine.tidy(() => engine.reshape(modeProducts(a, y.core, factors).data, spec.shape));
}

/**
 * The run's truncation for each mode: the rule sees the singular values of one mode. Where it keeps
 * the relative error of each below τ, that of the weight is below √2 τ. The window keeps its rank.
 */
export function modeTruncations(
  spec: WeightSpec,
  t: Truncation,
  compression?: Compression,
): Truncation[] {
  const channels = channelsOf(spec).map((n) =>
    compression ? compressing(spec, t, compression, n) : bounds(spec, t, n)
  );
  const window = windowOf(spec);
  if (!window) return channels;
  const full = window[0] * window[1];
  return [{ ...t, minRank: full, maxRank: full }, ...channels];
}

/** Ranks at the start: as wanted, within the bounds, and none that the others cannot fill. */
export function startRanks(spec: WeightSpec, t: Truncation): [number, number] {
  const [n, m] = channelsOf(spec);
  const [r, q] = [n, m].map((extent) => {
    const largest = bounds(spec, t, extent).maxRank!;
    return Math.min(spec.rank ?? largest, largest);
  }) as [number, number];
  const pixels = (windowOf(spec) ?? [1, 1]).reduce((a, b) => a * b, 1);
  return [Math.min(r, pixels * q), Math.min(q, pixels * r)];
}

/** Random orthonormal bases; a random core with the Frobenius norm of a dense start. */
export async function randomParts(
  method: TrainingMethod,
  spec: WeightSpec,
  random: Random,
): Promise<TuckerParts> {
  const { engine, truncation } = method;
  const [n, m] = channelsOf(spec);
  const [r, q] = startRanks(spec, truncation);
  const u = await randomBasis(method, random.fork("in"), n, r);
  const v = await randomBasis(method, random.fork("out"), m, q);
  const shape = [...windowOf(spec) ?? [], r, q];
  const entries = random.fork("kernel").fillNormal(
    new Float32Array(shape.reduce((product, d) => product * d, 1)),
  );
  const size = spec.shape.reduce((product, d) => product * d, 1);
  const norm = Math.sqrt(size * spec.initialiser.variance(spec.shape));
  const factor = norm / Math.hypot(...entries);
  return { kernel: engine.tensor(entries.map((e) => factor * e), shape), in: u, out: v };
}

/** The parts of what a compression keeps of a whole weight, by sequentially truncated HOSVD. */
export async function decompose(
  method: TrainingMethod,
  spec: WeightSpec,
  value: Tensor,
  compression: Compression,
): Promise<{ parts: TuckerParts; discarded: number }> {
  const { algebra: a, engine, truncation } = method;
  const [n, m] = channelsOf(spec);
  const window = windowOf(spec);
  const bases = { in: a.identity(n), out: a.identity(m) };
  const whole = { kernel: engine.reshape(value, [...window ?? [], n, m]), ...bases };
  const t = modeTruncations(spec, truncation, compression);
  const { y, discarded } = await truncateTucker(a, tuckerOf(method, whole), t);
  return { parts: partsOf(method, spec, y), discarded };
}

/** How a kernel with these parts runs in training; undefined for a matrix. */
export function planOf(spec: WeightSpec, kernel: Tensor): ExecutionPlan | undefined {
  const window = windowOf(spec);
  if (!window) return undefined;
  const ranks = kernel.shape.slice(2) as [number, number];
  const shape: ChainShape = { window, channels: channelsOf(spec), ranks };
  return planExecution(spec.pixels ? { ...shape, pixels: spec.pixels } : shape);
}

/**
 * What a training pass computes with: the parts, or the whole kernel where that is cheaper. Of a
 * whole kernel the pass gives the whole gradient, and every projection is one of that.
 */
export function tuckerPoint(
  method: TrainingMethod,
  spec: WeightSpec,
  y: TuckerTensor<Tensor>,
): WeightPoint {
  const parts = partsOf(method, spec, y);
  if (planOf(spec, parts.kernel)?.choice !== "reconstructed") return { ...parts };
  return { kernel: wholeWeight(method, spec, y) };
}

/** F at the point of a pass. */
export function tuckerFieldAt(
  method: TrainingMethod,
  spec: WeightSpec,
  point: WeightPoint,
  { gradient, pairs }: Evidence,
): TuckerFieldAt<Tensor> {
  const { algebra: a, engine } = method;
  const window = windowOf(spec);
  if (point.in && point.out) {
    const at = { in: point.in, out: point.out };
    return window
      ? kernelTuckerField(engine, a, pairs, at, window, gradient)
      : matrixTuckerField(a, pairs, at, gradient);
  }
  const [height, width, n, m] = spec.shape as [number, number, number, number];
  const data = a.reshape(gradient, height * width, n * m);
  const whole = { shape: [height * width, n, m], data };
  return {
    // The window's basis is the identity.
    contract: ([, b, c]) =>
      engine.tidy(() => modeProducts(a, whole, [undefined, b, c], { transpose: true })),
  };
}

/** act(x U C Vᵀ + b). */
export function tuckerLinear(
  engine: Engine,
  point: WeightPoint,
  x: Tensor,
  bias: Tensor | null,
  activation: Activation,
  capture?: (pair: GradientPair) => void,
): Tensor {
  const w = { u: point.in!, s: point.kernel!, v: point.out! };
  return engine.lowRankLinear(x, w, bias, activation, capture);
}

/**
 * act(x ∗ W + b) by the chain (x U) ∗ core Vᵀ, or with the whole kernel where the point holds that
 * or, outside of training, where it is cheaper for these images.
 *
 * @throws {RangeError} When the kernel has groups.
 */
export function tuckerConv2d(
  engine: Engine,
  point: WeightPoint,
  x: Tensor,
  bias: Tensor | null,
  geometry: ConvGeometry,
  activation: Activation,
  capture?: (pair: GradientPair) => void,
): Tensor {
  refuseGroups(geometry);
  const { kernel, in: u, out: v } = point;
  if (!u || !v) return engine.conv2d(x, kernel!, bias, geometry, activation);
  if (capture || chainIsCheaper(x, kernel!, u, v, geometry)) {
    return engine.chainConv2d(x, { u, core: kernel!, v }, bias, geometry, activation, capture);
  }
  return engine.conv2d(x, assembled(engine, kernel!, u, v), bias, geometry, activation);
}

function chainIsCheaper(
  x: Tensor,
  kernel: Tensor,
  u: Tensor,
  v: Tensor,
  { strides }: ConvGeometry,
): boolean {
  const [height, width, r, q] = kernel.shape as [number, number, number, number];
  const read = x.shape[1]! * x.shape[2]!;
  const plan = planExecution({
    window: [height, width],
    channels: [u.shape[0]!, v.shape[0]!],
    ranks: [r, q],
    pixels: [read, Math.max(1, Math.round(read / (strides[0] * strides[1])))],
    batch: x.shape[0]!,
    training: false,
  });
  return plan.choice === "chain";
}

/** U C Vᵀ for every entry of the window. */
function assembled(engine: Engine, kernel: Tensor, u: Tensor, v: Tensor): Tensor {
  const [height, width, r, q] = kernel.shape as [number, number, number, number];
  const [n, m] = [u.shape[0]!, v.shape[0]!];
  return engine.tidy(() => {
    const right = engine.matMul(engine.reshape(kernel, [height * width * r, q]), v, {
      transposeRight: true,
    });
    const entries = Array.from(
      { length: height * width },
      (_, k) => engine.matMul(u, engine.slice(right, [k * r, 0], [r, m])),
    );
    return engine.reshape(engine.concat(entries, 0), [height, width, n, m]);
  });
}

/** Squared Frobenius norm of the whole gradient. */
export async function tuckerGradientSquare(
  method: TrainingMethod,
  { kernel, in: u }: WeightPoint,
  { gradient, pairs }: Evidence,
): Promise<number> {
  const { algebra, engine } = method;
  if (!u) return (await engine.read(engine.norm(gradient)))[0]! ** 2;
  const [height, width] = kernel!.shape as [number, number];
  const extents = kernel!.shape.length === 4 ? [height, width] as const : undefined;
  return await pairSquare({ ...method, algebra }, pairs, extents);
}

/** Numbers stored in use: a square basis is multiplied into the core. */
export function tuckerSizeInUse({ kernel, in: u, out: v }: TuckerParts): number {
  const sizes = [u, v].map((b) => b.shape[0] === b.shape[1] ? 0 : b.size);
  return kernel.size + sizes[0]! + sizes[1]!;
}
