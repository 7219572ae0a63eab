/**
 * What formats share that hold kernels in Tucker format: shapes, bounds, starts, decompositions.
 *
 * A kernel is a tensor of three modes here: the window (height and width in one), inputs, outputs.
 * The window keeps its full rank, its basis is the identity and has no flow: windows are small, so
 * there is nothing to save in them, and the core is a kernel as it stands. A matrix has two modes.
 *
 * @module
 */

import type { Algebra } from "../../../algebra/mod.ts";
import type { Tensor } from "../../../backend/mod.ts";
import type { Truncation } from "../../../integrators/mod.ts";
import { truncateTucker } from "../../../integrators/tucker/mod.ts";
import type { Random } from "../../../random.ts";
import {
  modeProducts,
  orthonormalizeTucker,
  type TuckerTensor,
  unfoldCyclic,
} from "../../../tensors/mod.ts";
import type { TrainingMethod } from "../../method.ts";
import type { Compression } from "../../representation.ts";
import { startVariance } from "../../start.ts";
import type { WeightSpec } from "../../weight.ts";
import {
  bounds,
  channelsOf,
  compressing,
  randomBasis,
  startRank,
  windowOf,
} from "../matrix_factors.ts";

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
  return { core, factors: [windowBasis(a, pixels), u, v] };
}

/** Identities that stand for windows. */
const windowBases = new WeakSet<Tensor>();

function windowBasis(a: Algebra<Tensor>, pixels: number): Tensor {
  const basis = a.identity(pixels);
  windowBases.add(basis);
  return basis;
}

/** Whether a basis is the identity of a window, whose products change nothing. */
export function isWindowBasis(basis: Tensor): boolean {
  return windowBases.has(basis);
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
  const [r, q] = [startRank(spec, t, n, spec.ranks?.in), startRank(spec, t, m, spec.ranks?.out)];
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
  const norm = Math.sqrt(size * startVariance(spec));
  const factor = norm / Math.sqrt(entries.reduce((sum, e) => sum + e * e, 0));
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

/** Numbers stored in use: a square basis is multiplied into the core. */
export function tuckerSizeInUse({ kernel, in: u, out: v }: TuckerParts): number {
  const sizes = [u, v].map((b) => b.shape[0] === b.shape[1] ? 0 : b.size);
  return kernel.size + sizes[0]! + sizes[1]!;
}

/** Singular values of the unfolding of each channel mode, descending; bases may be anything. */
export async function channelSpectra(
  method: TrainingMethod,
  parts: TuckerParts,
): Promise<Record<"in" | "out", Float64Array>> {
  const { algebra: a } = method;
  const { core } = await orthonormalizeTucker(a, tuckerOf(method, parts));
  const last = core.shape.length - 1;
  const sigma = async (mode: number): Promise<Float64Array> =>
    (await a.svd(unfoldCyclic(a, core, mode))).sigma;
  return { in: await sigma(last - 1), out: await sigma(last) };
}
