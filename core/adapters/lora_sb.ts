import { checkInteger, checkNumber } from "../checks.ts";
import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter } from "./adapter.ts";
import { coreFactors, coreFlows, rankLimits, scalar } from "./factors.ts";
import { adapters } from "./registry.ts";

/**
 * U S Vᵀ with a trained core between orthonormal factors: those of the best approximation of the first
 * step of Adam, −η sign(G) ≈ U S Vᵀ, one of rank r ahead of W₀ (Ponkshe et al., "Initialization using
 * Update Approximation is a Silver Bullet for Extremely Efficient Low-Rank Fine-Tuning", LoRA-SB,
 * arXiv 2411.19557). Gradient steps of S are then gradient steps of W, projected: no scale to tune.
 */
export const loraSb: Tuned<Adapter, { rank: number; eta: number }> = tunable(adapters, {
  name: "lora-sb",
  description: "a trained core between the singular vectors of the first full step",
  defaults: { rank: 16, eta: 1e-3 },
  limits: {
    rank: rankLimits,
    eta: { above: 0, description: "length η of the full step at the start" },
  },
  make: ({ rank, eta }) => ({
    needsGradient: true,
    async attach(a, w, { name, gradient }) {
      if (gradient === undefined) {
        throw new RangeError(
          `Cannot attach "lora-sb" to "${name}": expected the gradient of the loss at the start, ` +
            `got none; wholeGradients takes it`,
        );
      }
      const signs = (await a.read(gradient)).map((g) => -eta * Math.sign(g));
      const { p, sigma, q } = await a.svd(a.from(signs, a.rows(w), a.cols(w)));
      const kept = Math.min(rank, sigma.length);
      return {
        base: w,
        trained: { core: a.diagonal(sigma.slice(0, kept)) },
        frozen: { u: a.columns(p, 0, kept), v: a.columns(q, 0, kept), scale: scalar(a, 1) },
        numbers: { rank: kept },
      };
    },
    factors: coreFactors,
    flows: coreFlows,
    trainables: ([inputs, outputs]) => Math.min(rank, inputs, outputs) ** 2,
  }),
});

/**
 * The length of the first step that LoRA-SB starts with, as published: the rate over the steps of the
 * warm-up.
 *
 * @param warmup Share of the run in which the rate grows.
 * @throws {RangeError} When there is no warm-up, or the run has no step.
 */
export function firstStepOf(rate: number, warmup: number, steps: number): number {
  checkNumber("start LoRA-SB", "warmup", warmup, { above: 0, most: 1 });
  checkNumber("start LoRA-SB", "rate", rate, { above: 0 });
  return rate / (warmup * checkInteger("start LoRA-SB", "steps", steps));
}
