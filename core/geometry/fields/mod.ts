/**
 * Fields: F(Y) at one point as an operator, in the forms in which problems know it. None forms
 * anything of the size of Y, except those named dense.
 *
 * @module
 */

export { denseField, matrixMap } from "./dense.ts";
export { type Factored, factoredField } from "./factored.ts";
export { type FieldPair, pairField, type PassPoint } from "./pairs.ts";
export { remembering } from "./remembered.ts";
export { separableField, type SeparableTerm } from "./separable.ts";
export { reducedField, reducedTuckerField, sumField, sumOf, sumTuckerField } from "./sums.ts";
export { contractAlong, denseTensorField, tuckerField, twoModeField } from "./tucker.ts";
export type {
  Awaitable,
  FieldAt,
  LinearMap,
  LocalField,
  LocalTuckerField,
  OpenTucker,
  SplitBasis,
  TuckerFieldAt,
} from "./types.ts";
