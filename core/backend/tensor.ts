/**
 * Tensors as everything above `core/backend/` sees them.
 *
 * @module
 */

/** A tensor that lives in the memory of the selected backend. Row-major; freed by its scope. */
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
