/**
 * What goes into a search and what comes out of it, in plain values that can go to another thread.
 *
 * @module
 */

import {
  aBoolean,
  aCount,
  aNumber,
  aRecord,
  arrayOf,
  aText,
  type Expectation,
  listOf,
  someOf,
} from "../../core/mod.ts";

/** What decides a search, in plain values that can go to another thread. */
export interface SearchSettings {
  /** Choice of the window. */
  readonly window: string;
  /** Choice of the family of bodies. */
  readonly body: string;
  /** Parameters of the body where the search starts. */
  readonly start: readonly number[];
  /** Cells across the diameter. */
  readonly resolution: number;
  /** Reynolds number. */
  readonly reynolds: number;
  /** Mean velocity in cells per step. */
  readonly velocity: number;
  /** Length of the channel in diameters. */
  readonly length: number;
  /** Time from the start of a simulation to the window, in diameters per mean velocity. */
  readonly transient: number;
  /** Time under the window. */
  readonly horizon: number;
  /** Steps of the search. */
  readonly steps: number;
  /** Largest size of a parameter. */
  readonly bound: number;
  /** Largest change of a parameter in a step. */
  readonly stepLimit: number;
  /** Mean lift to have at least; only counts where `liftWeight` is positive. */
  readonly minLift: number;
  /** Weight of the squared missing lift beside the drag; 0: lift does not matter. */
  readonly liftWeight: number;
  /** Most bytes of kept states. */
  readonly memoryLimit: number;
}

/** One design of a search. */
export interface DesignStep {
  /** Steps taken. */
  readonly step: number;
  /** Parameters of the body. */
  readonly parameters: readonly number[];
  /** Objective: averaged drag, and the penalty of missing lift. */
  readonly value: number;
  /** Averaged drag coefficient. */
  readonly drag: number;
  /** Averaged lift coefficient. */
  readonly lift: number;
  /**
   * Noise of the averaged drag: its standard deviation over windows that start at times spread over
   * one shedding period, which is chance.
   */
  readonly noise: number;
  /** Strouhal number; 0 where the flow is steady. */
  readonly strouhal: number;
  /** Trials of the line search. */
  readonly trials: number;
  /** Whether the line search found a lower value. */
  readonly moved: boolean;
  /** Seconds since the search began. */
  readonly seconds: number;
}

/** {@linkcode DesignStep} as a file must hold it. */
export const designStep: Expectation<DesignStep> = aRecord<DesignStep>({
  step: aNumber,
  parameters: listOf(aNumber),
  value: aNumber,
  drag: aNumber,
  lift: aNumber,
  noise: aNumber,
  strouhal: aNumber,
  trials: aNumber,
  moved: aBoolean,
  seconds: aNumber,
});

/** What a search leaves. */
export interface SearchResult {
  /** Choice of the window. */
  readonly window: string;
  /** Every design, the start first. */
  readonly designs: readonly DesignStep[];
  /** Mean drag of the first design over a long time, the same measure for all windows. */
  readonly dragBefore: number;
  /** Mean drag of the last design over a long time. */
  readonly dragAfter: number;
  /** Relative difference of the first gradient from central differences along itself. */
  readonly gradientError: number;
  /**
   * Noise of the first gradient: its relative change when the simulation starts about a quarter of
   * a shedding period later, half a period of the drag, which is chance.
   */
  readonly gradientNoise: number;
  /** Time steps of one simulation. */
  readonly steps: number;
  /** Time steps taken forward by one derivative, repetitions included. */
  readonly forwardSteps: number;
  /** Most states kept at a time by a derivative. */
  readonly peakSnapshots: number;
  /** Bytes of a state. */
  readonly stateBytes: number;
  /** Pictures and histories of the first and the last design. */
  readonly before: FlowPicture;
  /** Those of the last design. */
  readonly after: FlowPicture;
}

/** The look of a flow. */
export interface FlowPicture {
  /** Cells along the channel. */
  readonly width: number;
  /** Cells across the channel. */
  readonly height: number;
  /** Vorticity in mean velocities per diameter, height × width. */
  readonly vorticity: Float32Array;
  /** Time between the samples of the forces. */
  readonly interval: number;
  /** Drag coefficients. */
  readonly drag: Float64Array;
  /** Lift coefficients. */
  readonly lift: Float64Array;
}

/** {@linkcode FlowPicture} as a file must hold it. */
export const flowPicture: Expectation<FlowPicture> = aRecord<FlowPicture>({
  width: aCount,
  height: aCount,
  vorticity: arrayOf(Float32Array),
  interval: aNumber,
  drag: arrayOf(Float64Array),
  lift: arrayOf(Float64Array),
});

/** Fields of {@linkcode SearchResult} beside the pictures, as a file must hold them. */
export const searchFigures = {
  window: aText,
  designs: someOf(designStep),
  dragBefore: aNumber,
  dragAfter: aNumber,
  gradientError: aNumber,
  gradientNoise: aNumber,
  steps: aNumber,
  forwardSteps: aNumber,
  peakSnapshots: aNumber,
  stateBytes: aNumber,
};

/** {@linkcode SearchResult} as a file must hold it. */
export const searchResult: Expectation<SearchResult> = aRecord<SearchResult>({
  ...searchFigures,
  before: flowPicture,
  after: flowPicture,
});

/** Hears how far the present simulation is. */
export type SearchProgress = (label: string) => Promise<void>;
