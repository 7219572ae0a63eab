/**
 * Data sets for closures without any optimisation: multipliers are drawn, and their moments follow.
 *
 * @module
 */

import {
  aNumber,
  aRecord,
  arrayOf,
  aText,
  checked,
  checkInteger,
  checkNumber,
  type Examples,
  type Expectation,
  Random,
  readRecord,
  writeRecord,
} from "../../../core/mod.ts";
import { examples } from "../../library/mod.ts";
import { entropyAt } from "./closure.ts";
import { PartialDual } from "./duals.ts";
import { newtonStep } from "./minimise.ts";
import { alignment } from "./rotation.ts";
import type { MomentChoice, MomentSystem } from "./system.ts";

/**
 * Laws of multipliers: normal with deviation R/3 and clipped, uniform in the ball of radius R, or in
 * a direction that is uniform at a distance that is so between 0 and R: the more there are of them,
 * the more of those in a ball lie far out, and cells of a solver do not.
 */
export const SAMPLING_LAWS = ["normal", "ball", "radial"] as const;

/** One of them. */
export type SamplingLaw = typeof SAMPLING_LAWS[number];

/** How multipliers are drawn. */
export interface SamplingOptions {
  /** How many. */
  readonly count: number;
  /** γ of the moments that belong to them. */
  readonly gamma: number;
  /** R: no entry of α_# is larger, or in a ball no α_#. */
  readonly range: number;
  /** One of {@linkcode SAMPLING_LAWS}; default "normal". */
  readonly law?: SamplingLaw;
  /** τ: draws whose covariance has a smaller eigenvalue are rejected. */
  readonly threshold: number;
  /** Whether first moments are turned onto the axis +x and, every other one, onto −x. */
  readonly aligned?: boolean;
  /** Of the draws. */
  readonly seed: number;
}

/** Moments of a mass of one with their multipliers and entropies, row after row. */
export interface ClosureData extends MomentChoice {
  /** γ. */
  readonly gamma: number;
  /** ū, count × (functions − 1). */
  readonly ratios: Float64Array;
  /** α_#, of the same shape. */
  readonly multipliers: Float64Array;
  /** h^γ(ū), count. */
  readonly entropies: Float64Array;
  /** How many draws were rejected. */
  readonly rejected: number;
}

/** Draws in a row that may be rejected. */
const PATIENCE = 10_000;

/**
 * Draws a data set.
 *
 * @throws {RangeError} When nearly all draws are rejected, or an option makes no sense.
 */
export function sampleClosure(system: MomentSystem, options: SamplingOptions): ClosureData {
  const action = "sample multipliers";
  const { count, gamma, range, threshold, law = "normal", aligned = false, seed } = options;
  checkInteger(action, "their number", count);
  checkNumber(action, "the range", range, { above: 0 });
  checkNumber(action, "the threshold", threshold, { least: 0 });
  checkNumber(action, "γ", gamma, { least: 0 });
  const size = system.count - 1;
  const random = new Random(seed).fork("multipliers");
  const wellPosed = conditionOf(system, threshold);
  const dual = new PartialDual(system, gamma);
  const turned = alignment(system);
  const [ratios, multipliers] = [new Float64Array(count * size), new Float64Array(count * size)];
  const entropies = new Float64Array(count);
  let rejected = 0;
  for (let i = 0, inRow = 0; i < count;) {
    const alpha = drawn(random, size, range, law);
    if (!wellPosed(alpha)) {
      rejected++;
      if (++inRow < PATIENCE) continue;
      throw new RangeError(
        `Cannot ${action}: expected covariances with eigenvalues above the threshold ${threshold}, ` +
          `got none in ${PATIENCE} draws; lower it, or the range ${range}`,
      );
    }
    inRow = 0;
    dual.at(alpha);
    const u = dual.gradient.slice();
    entropies[i] = entropyAt(system, gamma, { ratios: u, alpha, offset: dual.offset });
    const place = aligned ? turned(u, i % 2 === 1) : undefined;
    ratios.set(place ? place.turn(u) : u, i * size);
    multipliers.set(place ? place.turnDual(alpha) : alpha, i * size);
    i++;
  }
  const { dimension, degree, functions } = system;
  return { dimension, degree, functions, gamma, ratios, multipliers, entropies, rejected };
}

function drawn(random: Random, size: number, range: number, law: SamplingLaw): Float64Array {
  const alpha = random.fillNormal(new Float64Array(size), 0, law === "normal" ? range / 3 : 1);
  if (law === "normal") return alpha.map((a) => Math.min(range, Math.max(-range, a)));
  const share = random.uniform() ** (law === "ball" ? 1 / size : 1);
  const radius = range * share / Math.hypot(...alpha);
  return alpha.map((a) => radius * a);
}

/** Whether Cov_p(m_#)/c of multipliers has no eigenvalue below a threshold. */
function conditionOf(system: MomentSystem, threshold: number): (alpha: Float64Array) => boolean {
  const dual = new PartialDual(system, -threshold);
  const size = system.count - 1;
  const [hessian, step] = [new Float64Array(size * size), new Float64Array(size)];
  return (alpha) => {
    dual.at(alpha);
    dual.hessian(hessian);
    return !Number.isNaN(newtonStep(hessian, dual.gradient, step));
  };
}

/** The columns that networks learn from. */
export function closureExamples({ ratios, multipliers, entropies }: ClosureData): Examples {
  const shape = [entropies.length, ratios.length / entropies.length];
  return examples({
    x: { data: Float32Array.from(ratios), shape },
    value: { data: Float32Array.from(entropies), shape: [entropies.length, 1] },
    gradient: { data: Float32Array.from(multipliers), shape },
    image: { data: Float32Array.from(ratios), shape },
  });
}

/** What the file of a data set holds. */
export const someClosureData: Expectation<ClosureData> = aRecord<ClosureData>({
  dimension: aNumber as Expectation<1 | 2>,
  degree: aNumber,
  functions: aText as Expectation<ClosureData["functions"]>,
  gamma: aNumber,
  ratios: arrayOf(Float64Array),
  multipliers: arrayOf(Float64Array),
  entropies: arrayOf(Float64Array),
  rejected: aNumber,
});

/** Writes a data set as a safetensors file. */
export async function writeClosureData(path: string, data: ClosureData): Promise<void> {
  await writeRecord(path, data);
}

/**
 * Reads a data set.
 *
 * @throws {Error} When the file is missing or damaged, or holds something else.
 */
export async function readClosureData(path: string): Promise<ClosureData> {
  return checked(someClosureData, await readRecord(path), path);
}
