/**
 * The runs of a job: the network that was asked for, its dense twin, and dense networks that are
 * trained in order to be compressed.
 *
 * @module
 */

import { dense, methods } from "../methods.ts";
import type { TrainingOptions } from "../settings.ts";
import { UsageError } from "../usage_error.ts";

/** One of the runs. */
export interface Variant {
  /** For people: "low rank", "dense baseline". */
  readonly label: string;
  /** Registry name of the method. */
  readonly method: string;
  /** Base step size. */
  readonly learningRate: number;
  /** Passes through the training data. */
  readonly epochs: number;
  /** Folder of the run. */
  readonly path: string;
  /** Folder of the dense run whose end is compressed into its start. */
  readonly origin?: string;
  /** How it is compressed; default: weights, as the truncation of the run says. */
  readonly compression?: CompressionChoice;
}

/** How the end of a dense run is compressed. */
export interface CompressionChoice {
  /** Training images by whose outputs layers are truncated; 0: by their weights. */
  readonly calibration: number;
  /** Rank as a share of that at which factors are as large; 0: by the truncation of the run. */
  readonly breakEven: number;
  /** Numbers of all factors per number of the whole matrices; 0: as the tolerance of the run has it. */
  readonly size: number;
}

/** Name of the sub-folder for a dense network that is to be compressed. */
const ORIGIN = "dense";

/**
 * The runs that options ask for, in their order.
 *
 * @param path Folder of the run that was asked for; the others lie in it.
 * @throws {UsageError} When a method that compresses has no epoch for one of its parts.
 */
export function variantsOf(o: TrainingOptions, path: string): Variant[] {
  const method = methods.get(o.method);
  const twin = (label: string, folder: string, epochs: number): Variant => ({
    label,
    method: dense.name,
    learningRate: o.baselineLearningRate,
    epochs,
    path: `${path}/${folder}`,
  });
  const own: Variant = {
    label: method.name.replaceAll("-", " "),
    method: method.name,
    learningRate: o.learningRate || method.learningRate,
    epochs: o.epochs,
    path,
  };
  const baseline = o.baseline && method.name !== dense.name
    ? [twin("dense baseline", "baseline", o.epochs)]
    : [];
  if (!method.afterwards) return [own, ...baseline];
  const before = o.epochs - o.fineTune;
  if (before < 1) {
    throw new UsageError(
      `Cannot train by ${method.name}: expected more --epochs than --fine-tune, ` +
        `got ${o.epochs} and ${o.fineTune}`,
    );
  }
  const origin = twin("dense, to be compressed", ORIGIN, before);
  const tuned = { ...own, epochs: o.fineTune, origin: origin.path };
  return [origin, tuned, ...baseline];
}
