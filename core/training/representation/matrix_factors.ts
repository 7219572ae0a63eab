/**
 * What formats share that factorise matrices, and kernels seen as matrices: their shapes, bounds of
 * ranks, and forward maps.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import type { ConvGeometry, Engine, GradientPair, Tensor } from "../../backend/mod.ts";
import { checkBounds, checkInteger } from "../../checks.ts";
import { type LocalField, type LowRank, pairField, sumOf } from "../../geometry/mod.ts";
import { checkTruncation, type Truncation } from "../../integrators/mod.ts";
import type { Random } from "../../random.ts";
import type { TrainingMethod } from "../method.ts";
import type { Compression, ConvUse, LinearUse } from "../representation.ts";
import type { Evidence, WeightPoint, WeightSpec } from "../weight.ts";
import { imagesLike, rowsOf } from "./images.ts";
import { kernelPairs, requireUse, tablePairs } from "./pair_field.ts";

/**
 * Rows and columns of a weight as a matrix: a kernel has height·width·in rows.
 *
 * @throws {RangeError} When the weight is neither matrix nor kernel.
 */
export function matrixShape(spec: WeightSpec): [number, number] {
  const [height, width] = windowOf(spec) ?? [1, 1];
  const [inputs, outputs] = channelsOf(spec);
  return [height * width * inputs, outputs];
}

/**
 * Channels of input and output, or rows and columns: a map to heads × entries has those side by side.
 *
 * @throws {RangeError} When the weight is neither matrix nor map to heads nor kernel.
 */
export function channelsOf({ name, shape }: WeightSpec): [number, number] {
  if (shape.length < 2 || shape.length > 4) {
    throw new RangeError(
      `Cannot factorise "${name}": a matrix has 2 dimensions, a map to heads 3, a kernel 4, ` +
        `got shape [${shape}]`,
    );
  }
  if (shape.length === 3) return [shape[0]!, shape[1]! * shape[2]!];
  return [shape.at(-2)!, shape.at(-1)!];
}

/** Height and width of a kernel; undefined for a matrix. */
export function windowOf(spec: WeightSpec): readonly [number, number] | undefined {
  return spec.shape.length === 4 ? [spec.shape[0]!, spec.shape[1]!] : undefined;
}

/** The left factor as the forward map takes it: for a kernel height×width×in×r. */
export function leftFactor(engine: Engine, spec: WeightSpec, u: Tensor): Tensor {
  return !windowOf(spec) ? u : engine.reshape(u, [...spec.shape.slice(0, 3), u.shape[1]!]);
}

/** The left factor as a matrix. */
export function leftMatrix(a: Algebra<Tensor>, u: Tensor): Tensor {
  const r = u.shape.at(-1)!;
  return u.shape.length === 2 ? u : a.reshape(u, u.size / r, r);
}

/**
 * The run's truncation within the bounds of one weight whose rank is at most `largest`. A bound of
 * the weight goes before one of the run.
 *
 * @throws {RangeError} When bounds are no ranks, or those of the weight or of the run cross.
 */
export function bounds(
  spec: WeightSpec,
  t: Truncation,
  largest: number = Math.min(...matrixShape(spec)),
): Truncation {
  checkTruncation(t);
  const low = spec.minRank ?? Math.min(t.minRank ?? 1, spec.maxRank ?? Infinity);
  const high = spec.maxRank ?? Math.max(t.maxRank ?? Infinity, spec.minRank ?? 1);
  checkBounds(`bound the rank of "${spec.name}"`, ["minRank", "maxRank"], [low, high]);
  const maxRank = Math.min(high, largest);
  return { ...t, maxRank, minRank: Math.min(low, maxRank) };
}

/** The truncation that a compression asks for, within the bounds of the weight. */
export function compressing(
  spec: WeightSpec,
  t: Truncation,
  { tolerance, rank }: Compression,
  largest: number = Math.min(...matrixShape(spec)),
): Truncation {
  if (rank !== undefined) {
    const exact = Math.min(rank, largest);
    return { ...t, tolerance: 0, minRank: exact, maxRank: exact };
  }
  return bounds(spec, { ...t, tolerance: tolerance ?? t.tolerance }, largest);
}

/**
 * Rank at the start: as wanted, within the bounds.
 *
 * @param wanted Default: that of the weight, or as large as may be.
 * @throws {RangeError} When it is no rank.
 */
export function startRank(
  spec: WeightSpec,
  t: Truncation,
  largest?: number,
  wanted: number | undefined = spec.rank,
): number {
  const { minRank, maxRank } = bounds(spec, t, largest);
  if (wanted === undefined) return maxRank!;
  checkInteger(`start weight "${spec.name}"`, "rank", wanted);
  return Math.min(Math.max(wanted, minRank!), maxRank!);
}

/** Orthonormal columns in random directions. */
export async function randomBasis(
  { algebra }: TrainingMethod,
  random: Random,
  rows: number,
  rank: number,
): Promise<Tensor> {
  const data = random.fillNormal(new Float32Array(rows * rank));
  return await algebra.orthonormalize(algebra.from(data, rows, rank));
}

/**
 * act(x U S Vᵀ + b), or act(x V Sᵀ Uᵀ + b), whose pair is handed on as one of W: G = Σ Xᵀ D there
 * is Dᵀ X of the transposed map.
 */
export function factorisedLinear(
  engine: Engine,
  { u, s, v }: WeightPoint,
  x: Tensor,
  { bias, activation, capture, transpose = false }: LinearUse,
): Tensor {
  if (!transpose) {
    return engine.lowRankLinear(x, { u: u!, s: s!, v: v! }, bias, activation, capture);
  }
  const turned = { u: v!, s: engine.transpose(s!), v: u! };
  const receive = capture && ((p: GradientPair) => {
    for (const t of [p.dxu, p.z]) t?.dispose();
    capture({ x: p.d, d: p.x, xu: p.dv, dv: p.xu });
  });
  return engine.lowRankLinear(x, turned, bias, activation, receive);
}

/**
 * act(x ∗ (U S Vᵀ) + b): a convolution with U, height×width×in×r, then products with S and V for
 * every pixel.
 *
 * @throws {RangeError} When the kernel has groups.
 */
export function factorisedConv2d(
  engine: Engine,
  { u, s, v }: WeightPoint,
  x: Tensor,
  { bias, geometry, activation, capture }: ConvUse,
): Tensor {
  refuseGroups(geometry);
  const z = engine.conv2d(x, u!, null, geometry, "identity");
  const one = identity(engine, s!.shape[0]!);
  const receive = capture && ((p: GradientPair) => {
    // X itself: the rows of the inner map are those of X U, which the pair holds as well.
    p.x.dispose();
    const image = (t: Tensor) => heldImages(engine, t, z);
    capture({
      x: engine.keep(engine.clone(x)),
      d: image(p.d),
      xu: image(p.xu),
      dv: image(p.dv),
    });
  });
  const rows = engine.lowRankLinear(
    rowsOf(engine, z),
    { u: one, s: s!, v: v! },
    bias,
    activation,
    receive,
  );
  return imagesLike(engine, rows, z);
}

/**
 * Refuses groups of channels.
 *
 * @throws {RangeError} When there is more than one.
 */
export function refuseGroups({ groups }: ConvGeometry): void {
  if (groups === 1) return;
  throw new RangeError(
    `Cannot convolve with a factorised kernel: 1 group of channels is needed, got ${groups}`,
  );
}

function identity(engine: Engine, n: number): Tensor {
  const data = new Float32Array(n * n);
  for (let i = 0; i < n; i++) data[i * n + i] = 1;
  return engine.tensor(data, [n, n]);
}

/** Takes rows over and holds them as images. */
function heldImages(engine: Engine, rows: Tensor, like: Tensor): Tensor {
  const images = engine.keep(imagesLike(engine, rows, like));
  rows.dispose();
  return images;
}

/** F at a point of a factorised weight. */
export function factorisedField(
  { engine, algebra }: TrainingMethod,
  spec: WeightSpec,
  { pairs }: Evidence,
  at: LowRank<Tensor>,
  core?: Tensor,
): LocalField<Tensor> {
  const window = windowOf(spec);
  const kept = window
    ? kernelPairs(engine, algebra, pairs, window)
    : tablePairs(engine, algebra, pairs);
  return pairField(algebra, kept, { ...at, core });
}

/** The same norm of a weight whose left factor tells whether it is a kernel. */
export function factorisedGradientSquare(
  method: TrainingMethod,
  { u }: WeightPoint,
  evidence: Evidence,
): Promise<number> {
  const extents = u!.shape.length === 4 ? [u!.shape[0]!, u!.shape[1]!] as const : undefined;
  return pairSquare(method, evidence, extents);
}

/** Squared Frobenius norm of the whole gradient, from its pairs. */
export async function pairSquare(
  method: TrainingMethod,
  { pairs, mean }: Pick<Evidence, "pairs" | "mean">,
  extents?: readonly [number, number],
): Promise<number> {
  const { algebra, engine } = method;
  if (extents) {
    const g = sumOf(
      algebra,
      requireUse(pairs),
      (p) => rowsOf(engine, engine.conv2dFilterGradient(p.x, p.d, extents, p.geometry!)),
    );
    const norm = await algebra.norm(mean ? await mean(g) : g);
    return norm ** 2;
  }
  const x = algebra.vstack(pairs.map((p) => p.x));
  const d = algebra.vstack(pairs.map((p) => p.d));
  const [batch, m, n] = [algebra.rows(x), algebra.cols(x), algebra.cols(d)];
  if (mean || batch * batch > m * n) {
    const g = algebra.multiply(x, d, { transposeLeft: true });
    const norm = await algebra.norm(mean ? await mean(g) : g);
    return norm ** 2;
  }
  // ‖XᵀD‖² = ⟨XXᵀ, DDᵀ⟩ without a matrix of the size of the weight.
  const [gx, gd] = [x, d].map((f) => algebra.multiply(f, f, { transposeRight: true }));
  return Math.max(0, (await engine.read(engine.sum(engine.mul(gx!, gd!))))[0]!);
}
