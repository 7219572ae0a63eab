/**
 * What a study of windows found on one system: plain data for summary.json.
 *
 * @module
 */

import {
  aNumber,
  aRecord,
  aText,
  type Expectation,
  listOf,
  orNull,
  someOf,
} from "../../core/mod.ts";
import { type UnsteadyResult, windowCurve } from "./measure.ts";
import type { AdjointCheck } from "./problem.ts";

/** A stretch of an output and of its derivative in the design. */
export interface StudiedSignal {
  /** Times in periods. */
  readonly times: readonly number[];
  /** g. */
  readonly outputs: readonly number[];
  /** ∂g/∂σ. */
  readonly tangents: readonly number[];
}

/** The result of one system with what the report draws. */
export interface StudiedProblem extends UnsteadyResult {
  /** The first periods of the output and its derivative; times in periods. */
  readonly signal: StudiedSignal;
  /** The adjoint beside the tangent; null where nothing is stepped in time. */
  readonly check: AdjointCheck | null;
}

/** {@linkcode StudiedProblem} as a file must hold it. */
export const studiedProblem: Expectation<StudiedProblem> = aRecord<StudiedProblem>({
  problem: aText,
  period: aNumber,
  average: aNumber,
  sensitivity: aNumber,
  periods: someOf(aNumber),
  curves: listOf(windowCurve),
  signal: aRecord<StudiedSignal>({
    times: listOf(aNumber),
    outputs: listOf(aNumber),
    tangents: listOf(aNumber),
  }),
  check: orNull(aRecord<AdjointCheck>({
    adjoint: aNumber,
    tangent: aNumber,
    steps: aNumber,
    forwardSteps: aNumber,
    peakSnapshots: aNumber,
  })),
});

/**
 * The adjoint beside the tangent, in words of at most 80 characters.
 *
 * @param check Both, and what the sweep cost.
 */
export function checkText({ adjoint, tangent, ...counts }: AdjointCheck): string {
  const difference = Math.abs(adjoint / tangent - 1);
  const factor = (counts.forwardSteps / counts.steps).toFixed(1);
  return `adjoint and tangent differ by ${difference.toExponential(0)}: ${counts.steps} steps, ` +
    `${counts.peakSnapshots} snapshots, ${factor}× forward`;
}
