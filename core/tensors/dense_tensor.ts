/**
 * Dense tensors of any order over an algebra of matrices.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";

/**
 * A dense tensor, elements in C order: the last index runs fastest.
 *
 * The data is the unfolding of mode 0, an n₀×(n₁⋯) matrix. In row-major order every split of the
 * indices into leading and trailing ones is a reshape, which costs nothing on either algebra; so a
 * product in the first or last mode is one matrix product, and one in between needs two transposes
 * beside it. A tensor of order 2 is its matrix.
 *
 * @example The last extent lies side by side
 * ```ts
 * import { type DenseTensor, matrix, type Matrix } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const y: DenseTensor<Matrix> = { shape: [2, 2, 3], data: matrix([...Array(12).keys()], 4, 3) };
 * assertEquals(y.data.data[(1 * 2 + 0) * 3 + 2], 8);
 * ```
 */
export interface DenseTensor<M> {
  /** Extents n₀, n₁, …; at least two of them. */
  readonly shape: readonly number[];
  /** Elements as the n₀×(n₁ n₂ ⋯) matrix. */
  readonly data: M;
}

/** Options of mode products. */
export interface ModeProductOptions {
  /** Multiply by the conjugate transpose of the matrix; default false. */
  readonly transpose?: boolean;
}

/**
 * Makes a tensor of C-order data, which is copied.
 *
 * @throws {RangeError} When the order is below 2 or the number of elements does not fit the shape.
 */
export function denseTensor<M>(
  a: Algebra<M>,
  data: ArrayLike<number>,
  shape: readonly number[],
): DenseTensor<M> {
  const [rows, cols] = [shape[0] ?? 0, sizeOf(shape.slice(1))];
  if (shape.length < 2 || !shape.every((n) => Number.isInteger(n) && n >= 1)) {
    throw new RangeError(
      `Cannot make a tensor: two or more positive extents are needed, got [${shape.join(", ")}]`,
    );
  }
  if (data.length !== rows * cols) {
    throw new RangeError(
      `Cannot make a ${shape.join("×")} tensor: ${rows * cols} numbers are needed, ` +
        `got ${data.length}`,
    );
  }
  return { shape: [...shape], data: a.from(data, rows, cols) };
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/**
 * Unfolding of a mode: the n_k×(∏ n_j) matrix whose columns are the fibres of mode k, the other
 * modes in C order. This is the convention of TensorLy and NumPy (`moveaxis(x, k, 0).reshape(n_k,
 * −1)`); Kolda and Bader run through the other modes in the opposite order.
 *
 * Takes min(∏ n_j for j < k, ∏ n_j for j > k) block copies; algorithms that do not depend on the
 * order of the columns use {@linkcode unfoldCyclic}, which takes one transpose.
 *
 * @param mode From 0.
 *
 * @example The columns of mode 1 run through modes 0 and 2, the last one fastest
 * ```ts
 * import { denseTensor, hostAlgebra, unfold } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const t = denseTensor(a, [0, 1, 2, 3, 4, 5, 6, 7], [2, 2, 2]);
 * assertEquals([...unfold(a, t, 1).data], [0, 1, 4, 5, 2, 3, 6, 7]);
 * ```
 */
export function unfold<M>(a: Algebra<M>, t: DenseTensor<M>, mode: number): M {
  return moveToFront(a, t.data, split(t.shape, mode));
}

/**
 * Inverse of {@linkcode unfold}.
 *
 * @param x n_k×(∏ n_j).
 * @param mode From 0.
 * @param shape Shape of the tensor.
 */
export function fold<M>(
  a: Algebra<M>,
  x: M,
  mode: number,
  shape: readonly number[],
): DenseTensor<M> {
  const { before, n, after } = split(shape, mode);
  // Moving the group `before` to the front of (n, before, after) puts the indices back in order.
  const data = moveToFront(a, x, { before: n, n: before, after });
  return { shape: [...shape], data: a.reshape(data, shape[0]!, sizeOf(shape.slice(1))) };
}

/**
 * Unfolding of a mode with the other modes in cyclic order k + 1, …, d − 1, 0, …, k − 1, each in C
 * order: one transpose.
 *
 * @param mode From 0.
 * @returns n_k×(∏ n_j).
 */
export function unfoldCyclic<M>(a: Algebra<M>, t: DenseTensor<M>, mode: number): M {
  const { before, n, after } = split(t.shape, mode);
  if (before === 1) return a.reshape(t.data, n, after);
  return a.reshape(swap(a, a.reshape(t.data, before, n * after)), n, after * before);
}

/** Inverse of {@linkcode unfoldCyclic} for a tensor of that shape. */
export function foldCyclic<M>(
  a: Algebra<M>,
  x: M,
  mode: number,
  shape: readonly number[],
): DenseTensor<M> {
  const { before, n, after } = split(shape, mode);
  const data = before === 1 ? x : swap(a, a.reshape(x, n * after, before));
  return { shape: [...shape], data: a.reshape(data, shape[0]!, sizeOf(shape.slice(1))) };
}

/**
 * Mode product T ×_k U: every fibre of mode k is multiplied by U.
 *
 * @param u m×n_k, or n_k×m with `transpose`.
 * @param mode From 0.
 * @returns The tensor with extent m in mode k.
 * @throws {RangeError} When the mode does not exist or the extents do not fit.
 */
export function modeProduct<M>(
  a: Algebra<M>,
  t: DenseTensor<M>,
  u: M,
  mode: number,
  options: ModeProductOptions = {},
): DenseTensor<M> {
  const { transpose = false } = options;
  const { before, n, after } = split(t.shape, mode);
  const [m, inner] = transpose ? [a.cols(u), a.rows(u)] : [a.rows(u), a.cols(u)];
  if (inner !== n) {
    throw new RangeError(
      `Cannot multiply mode ${mode} of a ${t.shape.join("×")} tensor: the matrix must have ${n} ` +
        `${transpose ? "rows" : "columns"}, got ${inner}`,
    );
  }
  const shape = t.shape.map((x, i) => i === mode ? m : x);
  const data = before === 1
    ? a.multiply(u, a.reshape(t.data, n, after), { transposeLeft: transpose })
    : after === 1
    ? a.multiply(a.reshape(t.data, before, n), a.conjugate(u), { transposeRight: !transpose })
    : middleProduct(a, t.data, u, { before, n, after }, transpose);
  return { shape, data: a.reshape(data, shape[0]!, sizeOf(shape.slice(1))) };
}

/**
 * T ×₀ U₀ ×₁ U₁ ⋯: a mode product in every mode that has a matrix, those that shrink most first.
 *
 * @param us One matrix for each mode, or undefined to leave the mode as it is.
 * @throws {RangeError} When their number is not the order of the tensor or extents do not fit.
 */
export function modeProducts<M>(
  a: Algebra<M>,
  t: DenseTensor<M>,
  us: readonly (M | undefined)[],
  options: ModeProductOptions = {},
): DenseTensor<M> {
  if (us.length !== t.shape.length) {
    throw new RangeError(
      `Cannot multiply the modes of a ${t.shape.join("×")} tensor: ${t.shape.length} entries ` +
        `are needed, one for each mode, got ${us.length}`,
    );
  }
  const shrink = (u: M): number =>
    options.transpose ? a.cols(u) / a.rows(u) : a.rows(u) / a.cols(u);
  const modes = us.flatMap((u, mode) => u === undefined ? [] : [{ u, mode }]);
  modes.sort((x, y) => shrink(x.u) - shrink(y.u));
  return modes.reduce((x, { u, mode }) => modeProduct(a, x, u, mode, options), t);
}

/** α X + β Y; equal shapes. */
export function combineTensors<M>(
  a: Algebra<M>,
  alpha: number,
  x: DenseTensor<M>,
  beta: number,
  y: DenseTensor<M>,
): DenseTensor<M> {
  checkSameShape(x.shape, y.shape);
  return { shape: x.shape, data: a.lincomb(alpha, x.data, beta, y.data) };
}

/** Inner product ⟨X, Y⟩ = Σ x y over all elements; its real part where numbers are complex. */
export async function tensorInner<M>(
  a: Algebra<M>,
  x: DenseTensor<M>,
  y: DenseTensor<M>,
): Promise<number> {
  checkSameShape(x.shape, y.shape);
  const size = sizeOf(x.shape);
  const [row, other] = [a.reshape(x.data, 1, size), a.reshape(y.data, 1, size)];
  return (await a.read(a.multiply(row, other, { transposeRight: true })))[0]!;
}

/**
 * A tensor of zeros that holds `t` as a block.
 *
 * @param shape New extents.
 * @param offsets Where the block begins in each mode; default: at the front.
 */
export function embedTensor<M>(
  a: Algebra<M>,
  t: DenseTensor<M>,
  shape: readonly number[],
  offsets: readonly number[] = shape.map(() => 0),
): DenseTensor<M> {
  return shape.reduce((x, extent, mode) => {
    const [from, n] = [offsets[mode]!, x.shape[mode]!];
    return extent === n ? x : placed(a, x, mode, extent, from);
  }, t);
}

/** Zeros before and behind the block in one mode: columns of the data seen as before×(n·after). */
function placed<M>(
  a: Algebra<M>,
  t: DenseTensor<M>,
  mode: number,
  extent: number,
  from: number,
): DenseTensor<M> {
  const { before, n, after } = split(t.shape, mode);
  const gap = (count: number): M[] => count > 0 ? [a.zeros(before, count * after)] : [];
  const block = a.reshape(t.data, before, n * after);
  const data = a.hstack([...gap(from), block, ...gap(extent - from - n)]);
  const shape = t.shape.map((x, i) => i === mode ? extent : x);
  return { shape, data: a.reshape(data, shape[0]!, sizeOf(shape.slice(1))) };
}

/** Row-major data seen as before×n×after. */
interface Split {
  readonly before: number;
  readonly n: number;
  readonly after: number;
}

function split(shape: readonly number[], mode: number): Split {
  if (!Number.isInteger(mode) || mode < 0 || mode >= shape.length) {
    throw new RangeError(
      `Cannot use mode ${mode} of a ${shape.join("×")} tensor: ` +
        `modes are the integers from 0 to ${shape.length - 1}`,
    );
  }
  return {
    before: sizeOf(shape.slice(0, mode)),
    n: shape[mode]!,
    after: sizeOf(shape.slice(mode + 1)),
  };
}

/** Transpose without conjugation. */
function swap<M>(a: Algebra<M>, x: M): M {
  return a.conjugate(a.transpose(x));
}

/** Elements ordered (before, n, after), to n×(before, after). */
function moveToFront<M>(a: Algebra<M>, x: M, { before, n, after }: Split): M {
  if (before === 1) return a.reshape(x, n, after);
  if (after === 1) return swap(a, a.reshape(x, before, n));
  if (before <= after) {
    const slices = swap(a, a.reshape(x, before, n * after));
    return a.hstack(columnsOf(a, slices).map((c) => a.reshape(c, n, after)));
  }
  const slices = a.reshape(x, before * n, after);
  const blocks = columnsOf(a, slices).map((c) => swap(a, a.reshape(c, before, n)));
  const stacked = a.reshape(a.vstack(blocks), after, n * before);
  return a.reshape(swap(a, stacked), n, before * after);
}

function columnsOf<M>(a: Algebra<M>, x: M): M[] {
  return Array.from({ length: a.cols(x) }, (_, j) => a.columns(x, j, j + 1));
}

/**
 * The product in a mode between others. Both transposes conjugate, where numbers are complex; with
 * U or its conjugate transpose on the right in between, the second one undoes the first.
 */
function middleProduct<M>(
  a: Algebra<M>,
  x: M,
  u: M,
  { before, n, after }: Split,
  transpose: boolean,
): M {
  const last = a.reshape(a.transpose(a.reshape(x, before * n, after)), after * before, n);
  const product = a.multiply(last, u, { transposeRight: !transpose });
  return a.transpose(a.reshape(product, after, before * a.cols(product)));
}

function checkSameShape(x: readonly number[], y: readonly number[]): void {
  if (x.length === y.length && x.every((n, i) => n === y[i])) return;
  throw new RangeError(
    `Cannot combine tensors: shapes must be equal, got ${x.join("×")} and ${y.join("×")}`,
  );
}
