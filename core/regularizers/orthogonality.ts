import { type Regularizer, regularizers } from "./regularizer.ts";
import { spectrumOf, sumOf } from "./singular_values.ts";

/** ½‖SᵀS − c² I‖²: pulls all singular values to c, unlike the spectral regularizer a fixed one. */
export const orthogonality: Regularizer = regularizers.add({
  name: "orthogonality",
  description: "½‖SᵀS − c² I‖²: all singular values towards c",
  defaults: { target: 1 },
  limits: { target: { min: 0, description: "c: the singular value wanted" } },
  least: 0,
  async term(a, core, { target }) {
    const { sigma, rebuild } = await spectrumOf(a, core);
    const excess = sigma.map((s) => s * s - target! ** 2);
    return {
      value: sumOf(excess, (e) => e * e) / 2,
      gradient: rebuild(sigma.map((s, i) => 2 * s * excess[i]!)),
    };
  },
});
