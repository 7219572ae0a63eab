/**
 * Test problems for integrators of matrix differential equations.
 *
 * @module
 */

export { exponentialFlow, increments } from "./matrix_exponential.ts";
export {
  type Convergence,
  convergence,
  measuredOrder,
  type ProblemResult,
  problemResult,
} from "./measure.ts";
export {
  type FlowProblem,
  flowProblem,
  type OdeProblem,
  odeProblems,
  type OpenProblem,
} from "./problem.ts";
export { riccati } from "./riccati.ts";
export { schroedinger } from "./schroedinger.ts";
