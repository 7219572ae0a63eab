/**
 * The tolerance at which a network has a given size.
 *
 * @module
 */

import { checkNumber } from "../checks.ts";
import { clampedRank } from "../integrators/mod.ts";
import { representationOf } from "./format.ts";
import type { TrainingMethod } from "./method.ts";
import type { Layer } from "./pass.ts";
import { becomesMatrix } from "./ranks.ts";
import { compressing, matrixShape } from "./representation/matrix_factors.ts";
import type { WeightSpec, WeightStates } from "./weight.ts";

/** Halvings of the interval of tolerances: to the round-off of float64. */
const HALVINGS = 60;

/** A weight and its singular values. */
interface Spectrum {
  readonly spec: WeightSpec;
  readonly sigma: Float64Array;
}

/**
 * The least tolerance, one for all weights, at which the factors of a network hold at most a share of
 * the numbers of its matrices in full: by bisection, as ranks do not grow with the tolerance. Weights
 * compete for the numbers by their spectra, as the truncation rule of the run compares them.
 *
 * @param network Declares the factorised formats; counted are matrices, and kernels held as such.
 * @param states Whole weights.
 * @param share Numbers of factors, r (m + n) each, per number of the whole weights.
 * @throws {RangeError} When the share makes no sense, or ranks at their bounds are larger.
 */
export async function toleranceOfSize(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
  share: number,
): Promise<number> {
  const action = "find the tolerance of a size";
  checkNumber(action, "share", share, { above: 0 });
  const spectra = await spectraOf(method, network, states);
  const full = spectra.reduce((sum, { spec }) => {
    const [m, n] = matrixShape(spec);
    return sum + m * n;
  }, 0);
  const sizeAt = (tolerance: number): number =>
    spectra.reduce((sum, { spec, sigma }) => {
      const [m, n] = matrixShape(spec);
      const bounded = compressing(spec, method.truncation, { tolerance });
      return sum + clampedRank(sigma, bounded) * (m + n);
    }, 0) / full;
  if (spectra.length === 0 || sizeAt(0) <= share) return 0;
  // No rule keeps more than its bounds ask for beyond the sum of all singular values.
  let high = Math.max(1, ...spectra.map(({ sigma }) => sigma.reduce((sum, x) => sum + x, 0)));
  const least = sizeAt(high);
  if (least > share) {
    throw new RangeError(
      `Cannot ${action}: expected at least ${least.toPrecision(3)}, which the smallest ranks ` +
        `take, got ${share}`,
    );
  }
  let low = 0;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (sizeAt(middle) <= share) high = middle;
    else low = middle;
  }
  return high;
}

async function spectraOf(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
): Promise<Spectrum[]> {
  const { algebra: a, engine } = method;
  return await engine.scope(async () => {
    const spectra: Spectrum[] = [];
    for (const spec of network.weights.filter(becomesMatrix)) {
      const state = states[spec.name]!;
      const whole = representationOf(state).toDense!(method, spec, state);
      const { sigma } = await a.svd(a.reshape(whole, ...matrixShape(spec)));
      spectra.push({ spec, sigma });
    }
    return spectra;
  });
}
