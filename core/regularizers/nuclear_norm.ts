import { type Regularizer, regularizers } from "./regularizer.ts";
import { spectrumOf, sumOf } from "./singular_values.ts";

/** Σ σ: pushes all singular values down alike, so that truncation finds lower ranks. */
export const nuclearNorm: Regularizer = regularizers.add({
  name: "nuclear-norm",
  description: "sum of the singular values: lower ranks",
  defaults: {},
  least: 0,
  async term(a, core) {
    const { sigma, rebuild } = await spectrumOf(a, core);
    const value = sumOf(sigma, (s) => s);
    // Of the subgradients at σ = 0, the smallest.
    const floor = a.epsilon * value;
    return { value, gradient: rebuild(sigma.map((s) => s > floor ? 1 : 0)) };
  },
});
