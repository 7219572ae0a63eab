/**
 * How well conditioned the weights of a network are, and a bound of how much it can amplify.
 *
 * @module
 */

import { checkFinite } from "../checks.ts";
import type { Tensor } from "../backend/mod.ts";
import { representationOf } from "./format.ts";
import type { TrainingMethod } from "./method.ts";
import type { Layer } from "./pass.ts";
import type { WeightSpec, WeightState, WeightStates } from "./weight.ts";

/** Singular values of one weight in a few numbers. */
export interface Conditioning {
  /** σ₁/σ_r of the weight within its rank; for kernels in Tucker format that of Mat(C)ᵀ. */
  readonly condition: number;
  /** σ₁ of the weight as a matrix: for kernels (height·width·in)×out. */
  readonly norm: number;
  /** Value of the spectral regularizer, ‖SᵀS − α² I‖. */
  readonly spread: number;
  /** What that says of the condition number at most: exp(spread / (√2 σ_r²)). */
  readonly bound: number;
  /** Whether the weight is factorised. */
  readonly factorised: boolean;
}

/** Conditioning of all weights. */
export interface ConditioningReport {
  /** By the name of the weight; vectors and statistics are left out. */
  readonly weights: Readonly<Record<string, Conditioning>>;
  /**
   * Product over the weights of what each can amplify: σ₁ of a matrix, √(height·width) σ₁ of a
   * kernel. It bounds the Lipschitz constant of a chain of these maps with activations and pools of
   * slope at most 1; normalisations by statistics and residual sums are not in it.
   */
  readonly lipschitz: number;
}

/**
 * Measures all weights; leaves no tensor behind.
 *
 * @throws {NonFiniteError} When a weight is not finite.
 */
export async function conditioningOf(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
): Promise<ConditioningReport> {
  const weights: Record<string, Conditioning> = {};
  let lipschitz = 1;
  for (const spec of network.weights) {
    if (spec.shape.length < 2 || representationOf(spec).anchor === undefined) continue;
    const sigma = await method.engine.scope(() => spectrum(method, spec, states[spec.name]!));
    checkFinite("measure conditioning", `the singular values of "${spec.name}"`, sigma);
    const found = {
      ...summary(sigma),
      factorised: representationOf(spec).rank(states[spec.name]!) !== undefined,
    };
    weights[spec.name] = found;
    const pixels = spec.shape.slice(0, -2).reduce((n, d) => n * d, 1);
    lipschitz *= Math.sqrt(pixels) * found.norm;
  }
  return { weights, lipschitz };
}

function summary(sigma: Float64Array): Omit<Conditioning, "factorised"> {
  const [first = 0, last = 0] = [sigma[0], sigma.at(-1)];
  const mean = sigma.reduce((sum, s) => sum + s * s, 0) / Math.max(1, sigma.length);
  const spread = Math.sqrt(sigma.reduce((sum, s) => sum + (s * s - mean) ** 2, 0));
  const bound = last > 0 ? Math.exp(spread / (Math.SQRT2 * last * last)) : Infinity;
  return { condition: last > 0 ? first / last : Infinity, norm: first, spread, bound };
}

/** Singular values of the core, or of the whole weight where there is none. */
async function spectrum(
  method: TrainingMethod,
  spec: WeightSpec,
  state: WeightState,
): Promise<Float64Array> {
  const { algebra } = method;
  const format = representationOf(spec);
  const found = await format.singularValues(method, state);
  if (found instanceof Float64Array) return found;
  // Of the modes, that of the output channels: the last.
  if (found) return Object.values(found).at(-1)!;
  const whole: Tensor = format.toDense!(method, spec, state);
  const cols = spec.shape.at(-1)!;
  return (await algebra.svd(algebra.reshape(whole, whole.size / cols, cols))).sigma;
}
