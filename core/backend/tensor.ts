/**
 * Tensors as everything above `core/backend/` sees them.
 *
 * @module
 */

/**
 * A tensor that lives in the memory of the selected backend. Row-major; freed by its scope.
 *
 * @example The product of a column with itself
 * ```ts
 * import { type MatMulOptions, openEngine, type Tensor } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { engine } = await openEngine("cpu");
 * const x: Tensor = engine.tensor(Float32Array.of(1, 2), [2, 1]);
 * const options: MatMulOptions = { transposeLeft: true };
 * const square = engine.matMul(x, x, options);
 * assertEquals([square.shape, (await engine.read(square))[0]], [[1, 1], 5]);
 * [x, square].forEach((t) => t.dispose());
 * ```
 */
export interface Tensor {
  /** Extents, outermost first. */
  readonly shape: readonly number[];
  /** Element type. */
  readonly dtype: "float32" | "int32" | "bool";
  /** Number of elements. */
  readonly size: number;
  /** Frees the memory now instead of at the end of the enclosing scope. */
  dispose(): void;
}

/** Options of matrix products. */
export interface MatMulOptions {
  /** Use the transpose of the left operand; default false. */
  readonly transposeLeft?: boolean;
  /** Use the transpose of the right operand; default false. */
  readonly transposeRight?: boolean;
}
