/**
 * Radiation transport by discrete ordinates and by moments: problems, quadratures, full solvers, and
 * low-rank approximations by the integrators of matrices.
 *
 * @module
 */

export {
  type AngularBasis,
  type AngularMap,
  harmonicBasis,
  ordinateBasis,
  type Streaming,
} from "./angular_basis.ts";
export { type AngularReading, type CellMoments, ordinateReading } from "./angular_reading.ts";
export type { Arithmetic } from "./arithmetic.ts";
export {
  type Closure,
  type ClosureNetwork,
  closureNetworks,
  type ClosureShape,
  type ConvexLayer,
  type EntropyOptions,
  EntropySolver,
  isRealisable,
  type MomentChoice,
  type MomentFunctions,
  momentsOf,
  type MomentSystem,
  momentSystem,
  type Multipliers,
  NewtonClosure,
  type NewtonOptions,
  NotRealisable,
  type Regularisation,
  REGULARISATIONS,
  type Solved,
  solveMoments,
} from "./closures/mod.ts";
export {
  collisionNetwork,
  type CollisionNetworkOptions,
  type CollisionOperator,
  entropies,
  entropySamples,
  exactCollision,
  henyeyGreenstein,
  integrals,
  isotropic,
  learntCollision,
  type LinearCollision,
  naiveSamples,
  type Sampling,
  type ScatteringKernel,
  scatteringKernels,
  slabNodes,
  sphereNodes,
  type VelocityNodes,
} from "./collision/mod.ts";
export type { FaceRates, Faces } from "./boundary_flow.ts";
export { CoordinateReading, type Coordinates } from "./coordinate_reading.ts";
export { type Box, type CartesianGrid, slabGrid, squareGrid } from "./grid.ts";
export {
  type FaceScheme,
  type StageWay,
  type SweepKernel,
  type SweepKernelKind,
  sweepKernels,
  type SweepScheme,
} from "./kernel.ts";
export { plainSweep, simdSweep } from "./kernels.ts";
export { type Limiter, limiters, type Neighbours, type Slopes } from "./limiter.ts";
export {
  CONSERVED,
  type Conserved,
  type LowRankOptions,
  LowRankSolver,
  type LowRankStep,
} from "./low_rank_solver.ts";
export { MomentSolver, type MomentTime } from "./moment_solver.ts";
export { type Ordinates, type Quadrature, quadratures } from "./ordinates.ts";
export {
  type Design,
  designed,
  type KineticProblem,
  kineticProblems,
  type Perimeter,
  type Region,
  type Setup,
} from "./problem.ts";
export {
  checkerboard,
  halfLattice,
  hohlraum,
  homogeneous,
  lattice,
  lineSource,
  manufactured,
  manufacturedSlab,
  planeSource,
  quarterHohlraum,
} from "./problems/mod.ts";
export { gauss, levelSymmetric, product, tessellation } from "./quadratures.ts";
export { type Observation, Quantities } from "./quantities.ts";
export { allSides, type Side, type Sides } from "./sides.ts";
export { type Balance, OrdinatesSolver, type SolverOptions } from "./solver.ts";
export { TIME_METHODS, type TimeMethod, type TimeSteps } from "./step_size.ts";
