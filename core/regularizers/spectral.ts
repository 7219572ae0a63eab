import { type Regularizer, regularizers } from "./regularizer.ts";
import { spectrumOf, sumOf } from "./singular_values.ts";

/**
 * The spectral condition-number regularizer (Schnake et al., arXiv 2505.08022):
 *
 *     R(S) = ‖SᵀS − α² I‖_F,  α² = ‖S‖²_F / r,  ∇R(S) = 2 S (SᵀS − α² I) / R(S).
 *
 * R²/r is the variance of the squared singular values, so R = 0 means κ(S) = 1, and
 * κ(S) ≤ exp(R(S) / (√2 σ_r²)). R(cS) = c² R(S), ⟨∇R, S⟩ = 2R, ‖∇R‖_F ≤ 2‖S‖₂. At R = 0 it has a
 * kink; the gradient is left out there.
 */
export const spectral: Regularizer = regularizers.add({
  name: "spectral",
  description: "condition number: ‖SᵀS − α² I‖ with α² = ‖S‖²/r",
  defaults: {},
  async term(a, core) {
    const { sigma, rebuild } = await spectrumOf(a, core);
    const { value, excess } = spread(sigma);
    // At round-off of α² the direction is noise.
    if (value <= 4 * a.epsilon * sumOf(sigma, (s) => s * s)) return { value };
    return { value, gradient: rebuild(sigma.map((s, i) => 2 * s * excess[i]! / value)) };
  },
});

/** σ² − mean σ², and its Euclidean length. */
function spread(sigma: Float64Array): { value: number; excess: Float64Array } {
  const mean = sumOf(sigma, (s) => s * s) / Math.max(1, sigma.length);
  const excess = sigma.map((s) => s * s - mean);
  return { value: Math.sqrt(sumOf(excess, (e) => e * e)), excess };
}
