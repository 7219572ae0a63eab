/**
 * The algebra seam: dense operations over float64 matrices on the host or tensors on an engine.
 *
 * @module
 */

export type {
  AdaptiveCoefficients,
  Algebra,
  Elementwise,
  InverseFactor,
  LeftSvd,
  ProductOptions,
  Qr,
  SideWeights,
  Svd,
} from "./algebra.ts";
export { complexAlgebra } from "./complex.ts";
export {
  adjoint,
  type ComplexMatrix,
  complexMatrix,
  complexScale,
  imaginaryPart,
  realPart,
} from "./complex_matrix.ts";
export { type DenseKernels, portableKernels } from "./dense_kernels.ts";
export { engineAlgebra } from "./engine.ts";
export { decomposed, requireFinite } from "./finite.ts";
export { hostAlgebra, openHostAlgebra } from "./host.ts";
export { columnSquares, rowSquares } from "./squares.ts";
export { type Matrix, matrix, matrixOf, transposed, zeroMatrix } from "./matrix.ts";
