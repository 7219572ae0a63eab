/**
 * The seam between rankflow and its tensor engine: everything above `core/backend/` sees these
 * types only, never a type of TensorFlow.js.
 *
 * @module
 */

import type { SequenceOperations } from "./sequences.ts";
import type { MatMulOptions, Tensor } from "./tensor.ts";

export type { MatMulOptions, Tensor } from "./tensor.ts";

/** Activations that are fused into linear maps: their derivative is a function of their output. */
export type Activation = "identity" | "relu" | "tanh" | "sigmoid" | "softplus";

/** Every {@linkcode Activation}; a place in this list is its number. */
export const ACTIVATIONS: readonly Activation[] = [
  "identity",
  "relu",
  "tanh",
  "sigmoid",
  "softplus",
];

/**
 * The factors of W = U S Vᵀ as one linear map uses them; they need not be orthonormal.
 *
 * @example A low-rank map that hands out its gradient pair
 * ```ts
 * import {
 *   type Activation, type Engine, type Factors, type GradientPair, openEngine,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { engine } = await openEngine("cpu");
 * const one = (x: number, e: Engine = engine) => e.tensor(Float32Array.of(x), [1, 1]);
 * const shapes = await engine.scope(async () => {
 *   const [w, act]: [Factors, Activation] = [{ u: one(1), s: one(2), v: one(1) }, "relu"];
 *   const pairs: GradientPair[] = [];
 *   const y = () => engine.sum(engine.lowRankLinear(one(3), w, null, act, (p) => pairs.push(p)));
 *   engine.gradients(y, [w.s]);
 *   return await Promise.all(pairs.map(async ({ x, d }) => [await engine.read(x), await engine.read(d)]));
 * });
 * assertEquals(shapes, [[Float32Array.of(3), Float32Array.of(1)]]);
 * ```
 */
export interface Factors {
  /** Left factor, in×r. */
  readonly u: Tensor;
  /** Core, r×q. */
  readonly s: Tensor;
  /** Right factor, out×q. */
  readonly v: Tensor;
}

/**
 * What the backward pass of a factorised linear map y = act(x U S Vᵀ + b) leaves behind: the
 * gradient of the loss in W is G = Xᵀ D (in×out) and is never formed. For convolutions the rows are
 * pixels: batch×height×width in place of batch. The receiver owns the tensors and disposes them.
 */
export interface GradientPair {
  /** Input of the map, X: batch×in. */
  readonly x: Tensor;
  /** Gradient at the map's output before the activation, D: batch×out. */
  readonly d: Tensor;
  /** X U, batch×r, kept from the forward pass. */
  readonly xu: Tensor;
  /** D V, batch×q, kept from the backward pass. */
  readonly dv: Tensor;
  /** Gradient in X U, batch×r, where the backward pass of a chain has it: Xᵀ dxu is that in U. */
  readonly dxu?: Tensor;
  /** What V was multiplied with, batch×q, where the chain kept it: Dᵀ Z is the gradient in V. */
  readonly z?: Tensor;
}

/** Rows and columns of zeros around an image. */
export interface Padding {
  /** Rows above. */
  readonly top: number;
  /** Rows below. */
  readonly bottom: number;
  /** Columns to the left. */
  readonly left: number;
  /** Columns to the right. */
  readonly right: number;
}

/** How a window moves over an image. */
export interface WindowGeometry {
  /** Steps between windows, down and across. */
  readonly strides: readonly [number, number];
  /** Zeros around the image. */
  readonly padding: Padding;
}

/**
 * How a kernel moves over an image.
 *
 * @example A sum over windows, of a kernel in full and as a chain
 * ```ts
 * import {
 *   type ChainKernel, type ConvGeometry, openEngine, type Padding, type WindowGeometry,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { engine } = await openEngine("cpu");
 * const padding: Padding = { top: 0, bottom: 0, left: 0, right: 0 };
 * const windows: WindowGeometry = { strides: [1, 1], padding };
 * const geometry: ConvGeometry = { ...windows, dilations: [1, 1], groups: 1 };
 * const [full, chain] = await engine.scope(async () => {
 *   const x = engine.fill([1, 2, 2, 1], 1);
 *   const [one, core] = [engine.fill([1, 1], 1), engine.fill([2, 2, 1, 1], 1)];
 *   const kernel: ChainKernel = { u: one, core, v: one };
 *   const ys = [
 *     engine.conv2d(x, core, null, geometry, "identity"),
 *     engine.chainConv2d(x, kernel, null, geometry, "identity"),
 *   ];
 *   return await Promise.all(ys.map(async (y) => (await engine.read(y))[0]));
 * });
 * assertEquals([full, chain], [4, 4]);
 * ```
 */
export interface ConvGeometry extends WindowGeometry {
  /** Distance of the kernel's entries, down and across. */
  readonly dilations: readonly [number, number];
  /** Groups of channels that are convolved apart; divides the channels of input and output. */
  readonly groups: number;
}

/** Factors of a convolution kernel that a chain of three convolutions uses. */
export interface ChainKernel {
  /** Basis of the input channels, in×rIn. */
  readonly u: Tensor;
  /** Kernel between the bases, height×width×rIn×rOut. */
  readonly core: Tensor;
  /** Basis of the output channels, out×rOut. */
  readonly v: Tensor;
  /**
   * Whether backward passes leave the derivative in the core to the receiver of the pair, as those
   * in the bases: they say zero, at no cost. Default false.
   */
  readonly coreLeft?: boolean;
}

/** Value and derivatives of a scalar function of tensors. */
export interface ValueAndGradients {
  /** The scalar, shape []. */
  readonly value: Tensor;
  /** One gradient per input, in the order of the inputs; zeros where the value does not depend. */
  readonly gradients: readonly Tensor[];
}

/**
 * Small dense factorisations in float32 that a backend runs on its own memory.
 *
 * @example Factorisations that an engine brings, where it does
 * ```ts
 * import {
 *   type NativeInverseFactor, type NativeLeftSvd, type NativeLinalg, type NativeSvd, openEngine,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { engine } = await openEngine("cpu");
 * const linalg: NativeLinalg | undefined = engine.linalg;
 * const x = engine.tensor(Float32Array.of(3, 0, 0, 2), [2, 2]);
 * const svd: NativeSvd | undefined = await linalg?.svd(x);
 * const left: NativeLeftSvd | undefined = await linalg?.leftSvd?.(x);
 * const root: NativeInverseFactor | undefined = linalg?.inverseFactor?.(x);
 * // The plain backend has none: matrices are factorised on the host.
 * assertEquals([linalg, svd, left, root], [undefined, undefined, undefined, undefined]);
 * x.dispose();
 * ```
 */
export interface NativeLinalg {
  /** Thin Householder QR of an m×n matrix, m ≥ n: `q` m×n, `r` n×n upper triangular. */
  qr(a: Tensor): { q: Tensor; r: Tensor };
  /**
   * Thin SVD A = P diag(sigma) Qᵀ of an m×n matrix with k = min(m, n): `p` m×k, `q` n×k; undefined
   * where the caller must take another way.
   */
  svd(a: Tensor): NativeSvd | Promise<NativeSvd | undefined>;
  /**
   * P and sigma of the SVD of an m×n matrix, m ≤ n, to the precision of its entries, where that is
   * cheaper without Q; undefined where the caller must take another way. Backends without it leave
   * it out.
   */
  leftSvd?(a: Tensor): Promise<NativeLeftSvd | undefined>;
  /**
   * Orthonormal basis of span(A) by Cholesky-QR with a second pass, m×n; undefined where the Gram
   * matrix is too ill-conditioned for it and the caller must take another way.
   */
  choleskyQr(a: Tensor): Tensor | undefined;
  /**
   * Orthonormal directions that span(A) adds to span(U), m×k, by block Gram-Schmidt with
   * Cholesky-QR; undefined where A lacks rank numerically and the caller must take another way.
   * Backends without it leave it out.
   *
   * @param u Orthonormal columns, m×r.
   * @param a m×k, k ≤ m − r.
   */
  complement?(u: Tensor, a: Tensor): Tensor | undefined;
  /**
   * R⁻¹ of the Cholesky factorisation G = RᵀR of an n×n Gram matrix; undefined where that is not
   * definite to working precision. Backends without it leave it out.
   */
  inverseFactor?(gram: Tensor): NativeInverseFactor | undefined;
}

/** Inverse of a Cholesky factor. */
export interface NativeInverseFactor {
  /** R⁻¹, n×n upper triangular. */
  readonly inverse: Tensor;
  /** ‖R‖ ‖R⁻¹‖ in the Frobenius norm: n where G is the identity. */
  readonly condition: number;
}

/** Thin SVD A = P diag(sigma) Qᵀ. */
export interface NativeSvd {
  /** Left singular vectors, m×k. */
  readonly p: Tensor;
  /** Singular values, descending. */
  readonly sigma: Float64Array;
  /** Right singular vectors, n×k. */
  readonly q: Tensor;
}

/** Left part of the SVD A = P diag(sigma) Qᵀ of a wide matrix. */
export interface NativeLeftSvd {
  /** Left singular vectors, m×m. */
  readonly p: Tensor;
  /** Singular values, descending. */
  readonly sigma: Float64Array;
}

/** Counters of tensor memory. */
export interface MemoryInfo {
  /** Live tensors. */
  readonly numTensors: number;
  /** Bytes they hold. */
  readonly numBytes: number;
}

/**
 * Tensor operations on the selected backend.
 *
 * Every operation allocates its result, leaves its operands untouched and may be recorded for
 * differentiation. Results belong to the innermost {@linkcode Engine.scope}.
 *
 * @example A value with its gradient
 * ```ts
 * import {
 *   type Engine, type MemoryInfo, openEngine, type ValueAndGradients,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const engine: Engine = (await openEngine("cpu")).engine;
 * const before: MemoryInfo = engine.memory();
 * const gradient = await engine.scope(async () => {
 *   const x = engine.tensor(Float32Array.of(1, 2), [2]);
 *   const { gradients }: ValueAndGradients = engine.gradients(() => engine.sum(engine.square(x)), [x]);
 *   return await engine.read(gradients[0]!);
 * });
 * assertEquals([...gradient], [2, 4]);
 * assertEquals(engine.memory(), before);
 * ```
 */
export interface Engine extends SequenceOperations {
  /** Registry name of the backend: "tensorflow", "webgpu", "blas", "wasm" or "cpu". */
  readonly backend: string;
  /** One line for people: library, version, threads or adapter. */
  readonly description: string;
  /** Whether results repeat bit for bit in equal runs. */
  readonly deterministic: boolean;
  /** Factorisations on the backend's memory; undefined where there are none. */
  readonly linalg: NativeLinalg | undefined;
  /** The TensorFlow.js namespace, for operations of your own; untyped so that no npm type leaks. */
  readonly native: unknown;

  /** Counts what is alive. */
  memory(): MemoryInfo;
  /**
   * Runs `f` and frees every tensor made meanwhile except those found in its result (walked
   * through arrays and plain objects) and those passed to {@linkcode Engine.keep}. Scopes nest
   * and may span awaits, but two may not be interleaved.
   */
  scope<T>(f: () => T | Promise<T>): Promise<T>;
  /** Like {@linkcode Engine.scope} for synchronous work. */
  tidy<T>(f: () => T): T;
  /** Takes a tensor out of every scope: its holder disposes it. */
  keep<T extends Tensor>(t: T): T;
  /** Shares the data of a tensor under a new handle with its own lifetime. */
  clone(t: Tensor): Tensor;

  /** Uploads row-major data; copies it. */
  tensor(data: Float32Array | Int32Array, shape: readonly number[]): Tensor;
  /** Reads a tensor back, row-major. The result is a copy. */
  read(t: Tensor): Promise<Float32Array | Int32Array>;
  /** A tensor of zeros. */
  zeros(shape: readonly number[]): Tensor;
  /** A tensor filled with `value`. */
  fill(shape: readonly number[], value: number): Tensor;

  /** Matrix product of rank-2 tensors, in any transposition. */
  matMul(a: Tensor, b: Tensor, options?: MatMulOptions): Tensor;
  /** a + b with broadcasting. */
  add(a: Tensor, b: Tensor): Tensor;
  /** a − b with broadcasting. */
  sub(a: Tensor, b: Tensor): Tensor;
  /** Element-wise product with broadcasting. */
  mul(a: Tensor, b: Tensor): Tensor;
  /** α x. */
  scale(alpha: number, x: Tensor): Tensor;
  /** α x + β y in one pass; equal shapes. */
  lincomb(alpha: number, x: Tensor, beta: number, y: Tensor): Tensor;
  /** α v + β g² in one pass; equal shapes. Not differentiable. */
  lincombSquare(alpha: number, v: Tensor, beta: number, g: Tensor): Tensor;
  /**
   * γ x − α m / (√(δ v) + ε) in one pass, the step of Adam and its relatives; equal shapes. Not
   * differentiable.
   */
  adaptiveStep(
    x: Tensor,
    m: Tensor,
    v: Tensor,
    c: { gamma: number; alpha: number; delta: number; epsilon: number },
  ): Tensor;
  /** Element-wise square root. */
  sqrt(x: Tensor): Tensor;
  /** Element-wise square. */
  square(x: Tensor): Tensor;
  /** Applies an activation. */
  activate(x: Tensor, activation: Activation): Tensor;
  /** Frobenius norm, as a scalar tensor. */
  norm(x: Tensor): Tensor;
  /** Sum of all elements, as a scalar tensor. */
  sum(x: Tensor): Tensor;

  /** Same data, other shape. */
  reshape(x: Tensor, shape: readonly number[]): Tensor;
  /** Matrix transpose. */
  transpose(x: Tensor): Tensor;
  /** Block of a tensor. */
  slice(x: Tensor, begin: readonly number[], size: readonly number[]): Tensor;
  /** Joins along an axis. */
  concat(xs: readonly Tensor[], axis: number): Tensor;

  /** act(x W + b), x: batch×in, w: in×out, b: out or null. Differentiable in x, w and b. */
  linear(x: Tensor, w: Tensor, b: Tensor | null, activation: Activation): Tensor;
  /**
   * act(((x U) S) Vᵀ + b), fused. Differentiable in x, s and b; the derivatives in U and V are
   * left to the receiver of the pair, which the backward pass hands to `capture` exactly once.
   */
  lowRankLinear(
    x: Tensor,
    w: Factors,
    b: Tensor | null,
    activation: Activation,
    capture?: (pair: GradientPair) => void,
  ): Tensor;
  /**
   * act(x ∗ w + b), the cross-correlation that the field calls convolution. Differentiable in x, w
   * and b.
   *
   * @param x Images, batch×height×width×in.
   * @param w Kernel, height×width×(in/groups)×out.
   * @param b out, or null.
   */
  conv2d(
    x: Tensor,
    w: Tensor,
    b: Tensor | null,
    geometry: ConvGeometry,
    activation: Activation,
  ): Tensor;
  /**
   * act(((x U) ∗ core) Vᵀ + b), fused; one group. Differentiable in x, b and, unless that is left to
   * the receiver, the core; the derivatives
   * in U and V are left to the receiver of the pair, which the backward pass hands to `capture`
   * exactly once: images x, d, xu = x U and dv = d V, with dxu and z. The gradient in the whole kernel is
   * {@linkcode Engine.conv2dFilterGradient} of x and d.
   */
  chainConv2d(
    x: Tensor,
    w: ChainKernel,
    b: Tensor | null,
    geometry: ConvGeometry,
    activation: Activation,
    capture?: (pair: GradientPair) => void,
  ): Tensor;
  /**
   * x M for every pixel, or [beside | x M]. Not differentiable.
   *
   * @param x Images, batch×height×width×n.
   * @param m n×k.
   * @param beside Images of the same number, height and width, whose channels come first.
   */
  pixelProduct(x: Tensor, m: Tensor, beside?: Tensor): Tensor;
  /**
   * Derivative of ⟨d, x ∗ w⟩ in w.
   *
   * @param x Images, batch×height×width×in.
   * @param d Images of the output's shape.
   * @param extents Height and width of the kernel.
   * @returns height×width×(in/groups)×out.
   */
  conv2dFilterGradient(
    x: Tensor,
    d: Tensor,
    extents: readonly [number, number],
    geometry: ConvGeometry,
  ): Tensor;
  /**
   * act(xᵀ∗ w + b), the adjoint of a convolution: each pixel of x adds its multiple of the kernel.
   * Differentiable in x, w and b.
   *
   * @param x Images, batch×height×width×in.
   * @param w Kernel, height×width×(out/groups)×in: of the convolution that it is the adjoint of.
   * @param extents Height and width of the result.
   * @param geometry Of that convolution.
   */
  conv2dTranspose(
    x: Tensor,
    w: Tensor,
    b: Tensor | null,
    extents: readonly [number, number],
    geometry: ConvGeometry,
    activation: Activation,
  ): Tensor;
  /**
   * act(x ∗ w + b) with kernels of their own for each channel. Differentiable in x, w and b.
   *
   * @param w Kernel, height×width×channels×multiplier; `groups` is not looked at.
   */
  depthwiseConv2d(
    x: Tensor,
    w: Tensor,
    b: Tensor | null,
    geometry: ConvGeometry,
    activation: Activation,
  ): Tensor;
  /** Largest entry of each window; differentiable. */
  maxPool(x: Tensor, size: readonly [number, number], geometry: WindowGeometry): Tensor;
  /** Mean of the entries of each window that lie inside the image; differentiable. */
  averagePool(x: Tensor, size: readonly [number, number], geometry: WindowGeometry): Tensor;
  /** Mean of each channel, batch×channels; differentiable. */
  globalAveragePool(x: Tensor): Tensor;
  /**
   * act(scale (x − mean) / √(variance + ε) + shift) with mean and biased variance of this batch
   * over all but the last axis. `y` is differentiable in x, scale and shift, also through the
   * statistics; `mean` and `variance` are not.
   */
  batchNorm(
    x: Tensor,
    scale: Tensor,
    shift: Tensor,
    epsilon: number,
    activation: Activation,
  ): { y: Tensor; mean: Tensor; variance: Tensor };
  /** act(scale x + shift) along the last axis. Differentiable in x, scale and shift. */
  affine(x: Tensor, scale: Tensor, shift: Tensor, activation: Activation): Tensor;
  /** (x − mean) / √(variance + ε) with both taken over `axes`; differentiable. */
  standardise(x: Tensor, axes: readonly number[], epsilon: number): Tensor;
  /** e^x, element-wise. */
  exp(x: Tensor): Tensor;
  /** log softmax along the last axis. */
  logSoftmax(x: Tensor): Tensor;
  /**
   * Rows of zeros with a one where each index says.
   *
   * @param indices int32 of any shape.
   * @returns The shape of `indices` with `depth` behind it; not differentiable.
   */
  oneHot(indices: Tensor, depth: number): Tensor;
  /**
   * Mean of −log softmax(logits)[label] over the labels that are not −100; 0 where all are.
   *
   * @param logits The shape of `labels` with the classes behind it.
   * @param labels int32 of any shape.
   */
  softmaxCrossEntropy(logits: Tensor, labels: Tensor): Tensor;

  /**
   * The tensor itself, under another handle; a backward pass hands the derivative in it to `receive`,
   * which owns that tensor and disposes it. Called once for each backward pass that comes by.
   */
  watch(x: Tensor, receive: (derivative: Tensor) => void): Tensor;

  /** Reverse-mode derivative of the scalar `f()` with respect to `inputs`. */
  gradients(f: () => Tensor, inputs: readonly Tensor[]): ValueAndGradients;
}
