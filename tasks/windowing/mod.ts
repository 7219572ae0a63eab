/**
 * Unsteady test systems and the measuring of windows on them.
 *
 * @module
 */

export {
  binsUpTo,
  type MeasuredOrder,
  measureWindow,
  observedOrder,
  type StoppedAt,
  type UnsteadyResult,
  type WindowCurve,
  windowCurve,
} from "./measure.ts";
export { harmonics, pulses } from "./signals.ts";
export { openOscillator, type Oscillator } from "./oscillator.ts";
export { pendulum, stuartLandau, vanDerPol } from "./oscillators.ts";
export { type OrderRow, orderRows } from "./order_table.ts";
export {
  type AdjointCheck,
  type OpenUnsteadyProblem,
  type OutputSeries,
  type UnsteadyProblem,
  unsteadyProblems,
} from "./problem.ts";
export { checkText, type StudiedProblem, studiedProblem, type StudiedSignal } from "./result.ts";
