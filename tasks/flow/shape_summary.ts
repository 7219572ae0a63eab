/**
 * What a search under one window comes to.
 *
 * @module
 */

import { aNumber, aRecord, type Expectation } from "../../core/mod.ts";
import { searchFigures, type SearchResult } from "./search_records.ts";

/** A search in numbers. */
export interface WindowSummary extends Omit<SearchResult, "before" | "after"> {
  /** Share of the drag that is saved. */
  readonly saved: number;
  /** Noise of the windowed drag: root mean square over the designs. */
  readonly noise: number;
  /** Largest noise of a design. */
  readonly largestNoise: number;
  /** Steps that found a lower value. */
  readonly moved: number;
}

/** {@linkcode WindowSummary} as a file must hold it. */
export const windowSummary: Expectation<WindowSummary> = aRecord<WindowSummary>({
  ...searchFigures,
  saved: aNumber,
  noise: aNumber,
  largestNoise: aNumber,
  moved: aNumber,
});

/** Sums up a search. */
export function summaryOf(result: SearchResult): WindowSummary {
  const { before: _, after: __, ...rest } = result;
  const noises = result.designs.map((d) => d.noise);
  const squares = noises.reduce((sum, n) => sum + n * n, 0);
  return {
    ...rest,
    saved: 1 - result.dragAfter / result.dragBefore,
    noise: Math.sqrt(squares / noises.length),
    largestNoise: Math.max(...noises),
    moved: result.designs.filter((d) => d.step > 0 && d.moved).length,
  };
}
