/**
 * Unsteady flow past bodies, with exact derivatives of averaged forces in the shape.
 *
 * @module
 */

export { ellipse, fourier } from "./bodies.ts";
export { bodies, type Body, type BodyFamily } from "./body.ts";
export { type Channel, channel, type ChannelOptions } from "./channel.ts";
export { type Field, vorticity } from "./fields.ts";
export { circle } from "./fourier.ts";
export { type Grid, grid } from "./grid.ts";
export {
  fastestKernel,
  type FlowKernel,
  type FlowKernelKind,
  flowKernels,
  type Relaxation,
} from "./kernel.ts";
export { plainKernel, simdKernel } from "./kernels.ts";
export { type FlowFigures, flowFigures, type GridResult } from "./measures.ts";
export { type BoundedProblem, minimise, type SearchPoint } from "./minimise.ts";
export {
  type Averaging,
  type Derivative,
  differentiate,
  type DifferentiateOptions,
  type ForceHistory,
  type ForceObjective,
  meanForces,
  simulate,
} from "./objective.ts";
export { type PorousBody, porousBody } from "./porous_body.ts";
export { FlowSolver, type Forces } from "./solver.ts";
