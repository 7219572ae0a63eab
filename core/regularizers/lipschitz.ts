import { type Regularizer, regularizers } from "./regularizer.ts";
import { spectrumOf } from "./singular_values.ts";

/**
 * log ‖S‖₂: summed over the layers, the logarithm of the product that bounds the Lipschitz constant
 * of a network with activations of slope at most 1.
 */
export const lipschitz: Regularizer = regularizers.add({
  name: "lipschitz",
  description: "logarithm of the largest singular value: a smaller Lipschitz bound",
  defaults: {},
  async term(a, core) {
    const { sigma, rebuild } = await spectrumOf(a, core);
    const largest = Math.max(0, ...sigma);
    if (largest === 0) return { value: -Infinity };
    // Values that are equal to round-off share the derivative.
    const shares = sigma.map((s) => s >= largest * (1 - 8 * a.epsilon) ? 1 : 0);
    const ties = shares.reduce<number>((sum, v) => sum + v, 0);
    return {
      value: Math.log(largest),
      gradient: rebuild(shares.map((v) => v / ties / largest)),
    };
  },
});
