/**
 * Windowed averages of unsteady outputs: windows, discrete and continuous averages, running
 * averages, a criterion to stop, and the seeds of adjoint sweeps.
 *
 * The period of a flow, and so the time over which to average, is not known and changes with the
 * design. A window that fades in and out makes the average, and its derivative, converge fast for
 * any length.
 *
 * @module
 */

export {
  type AverageOptions,
  type SampleWeightOptions,
  type SpanOptions,
  windowedAverage,
  windowedMean,
  windowSeeds,
  windowWeights,
} from "./mean.ts";
export { ConvergenceMonitor, type MonitorCheck, type MonitorOptions } from "./monitor.ts";
export { gaussLegendre, type QuadratureRule } from "./quadrature.ts";
export { bumpWindow, hannSquareWindow, hannWindow, squareWindow } from "./standard_windows.ts";
export { StreamingMean, type StreamingOptions, type StreamingState } from "./streaming_mean.ts";
export { defineWindow, type TimeWindow, type WindowDefinition, windows } from "./window.ts";
