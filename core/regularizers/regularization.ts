/**
 * A regularizer as a run uses it.
 *
 * @module
 */

import type { Regularizer, RegularizerSettings } from "./regularizer.ts";
import type { StrengthSchedule } from "./strength.ts";

/** A weight as the choice of regularizers sees it. */
export interface RegularizedWeight {
  /** Name within the network. */
  readonly name: string;
  /** Extents of the whole weight. */
  readonly shape: readonly number[];
  /** Registry name of its format. */
  readonly format: string;
}

/**
 * A regularizer with how strong it is, when, and for what.
 *
 * @example Only the first layer is held well-conditioned
 * ```ts
 * import {
 *   fit, perceptron, type Regularization, type RegularizedWeight, regularizers,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const wanted: Regularization = {
 *   regularizer: regularizers.get("spectral"),
 *   strength: 0.1,
 *   applies: ({ name }: RegularizedWeight) => name.startsWith("dense1"),
 * };
 * const network = perceptron({ sizes: [2, 4, 4, 1], format: "low-rank", rank: 2 });
 * const data = { x: [[0, 1], [1, 0], [1, 1], [0, 0]], y: [1, 1, 0, 0] };
 * using model = await fit(network, data, { epochs: 1, regularization: [wanted], backend: "cpu" });
 * assertEquals(model.history.lines.length, 1);
 * ```
 */
export interface Regularization {
  /** Which one. */
  readonly regularizer: Regularizer;
  /** Overrides of its defaults. */
  readonly settings?: RegularizerSettings;
  /** β ≥ 0, the factor of R in the objective. */
  readonly strength: number;
  /** How β changes over the run; default: not at all. */
  readonly schedule?: StrengthSchedule;
  /**
   * How it joins the steps: as a part of the field, or by a step of its own flow after that of the
   * loss; default "split". Projections come after the step in any case.
   */
  readonly coupling?: "split" | "field";
  /** Which weights it is for; default: those whose factors an integrator moves. */
  readonly applies?: (weight: RegularizedWeight) => boolean;
}
