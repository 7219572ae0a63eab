import type { Algebra } from "../algebra/mod.ts";
import { type Regularizer, regularizers, type RegularizerTerm } from "./regularizer.ts";
import { diagonalOf, sumOf } from "./singular_values.ts";

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
  least: 0,
  async term(a, core) {
    const diagonal = await diagonalOf(a, core);
    return diagonal ? ofDiagonal(a, diagonal) : await byProducts(a, core);
  },
});

/** Of a diagonal core, as truncation leaves it. */
function ofDiagonal<M>(a: Algebra<M>, s: Float64Array): RegularizerTerm<M> {
  const square = sumOf(s, (v) => v * v);
  const excess = s.map((v) => v * v - square / s.length);
  const value = Math.sqrt(sumOf(excess, (e) => e * e));
  if (isRoundOff(a, value, square)) return { value };
  const gradient = s.map((v, i) => 2 * v * excess[i]! / value);
  return {
    value,
    get gradient() {
      return a.diagonal(gradient);
    },
    descent: {
      slope: Math.sqrt(sumOf(gradient, (g) => g * g)),
      at: (t) => a.diagonal(s.map((v, i) => v - t * gradient[i]!)),
    },
  };
}

/** Of any core, by two products; cheaper than its singular values. */
async function byProducts<M>(a: Algebra<M>, core: M): Promise<RegularizerTerm<M>> {
  const tall = a.rows(core) >= a.cols(core);
  const r = Math.min(a.rows(core), a.cols(core));
  const gram = a.multiply(core, core, tall ? { transposeLeft: true } : { transposeRight: true });
  const norm = await a.norm(core);
  const square = norm * norm;
  const excess = a.lincomb(1, gram, -square / r, a.identity(r));
  const value = await a.norm(excess);
  if (isRoundOff(a, value, square)) return { value };
  const product = tall ? a.multiply(core, excess) : a.multiply(excess, core);
  return { value, gradient: a.scale(2 / value, product) };
}

/** At round-off of ‖S‖² the direction is noise. */
function isRoundOff<M>(a: Algebra<M>, value: number, square: number): boolean {
  return value <= 4 * a.epsilon * square;
}
