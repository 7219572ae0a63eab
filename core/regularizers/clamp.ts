import { type Regularizer, regularizers } from "./regularizer.ts";
import { spectrumOf } from "./singular_values.ts";

/**
 * Clamps singular values to [α/√κ, α√κ] with α² = ‖S‖²/r, which bounds the condition number by κ: a
 * projection after each step in place of a term. Its strength is not looked at, as long as it is
 * positive.
 */
export const clamp: Regularizer = regularizers.add({
  name: "clamp",
  description: "projection: singular values into [α/√κ, α√κ] with α² = ‖S‖²/r",
  defaults: { condition: 4 },
  limits: { condition: { min: 1, description: "κ: largest condition number" } },
  async project(a, core, { condition }) {
    const { sigma, rebuild } = await spectrumOf(a, core);
    const middle = Math.hypot(...sigma) / Math.sqrt(Math.max(1, sigma.length));
    const reach = Math.sqrt(condition!);
    const clamped = sigma.map((s) => Math.min(middle * reach, Math.max(middle / reach, s)));
    return clamped.every((s, i) => s === sigma[i]) ? undefined : rebuild(clamped);
  },
});
