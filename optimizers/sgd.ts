import { defineOptimizer, type Optimizer } from "./optimizer.ts";
import { decayLimits } from "./moments.ts";

/** Settings of {@linkcode sgd}. */
export type SgdSettings = {
  /** Decoupled decay of the weights. */
  readonly weightDecay: number;
};

/** Gradient descent: x ← (1 − ηλ) x − η g. */
export const sgd: Optimizer<SgdSettings> = defineOptimizer({
  name: "sgd",
  description: "gradient descent",
  defaults: { weightDecay: 0 },
  limits: { weightDecay: decayLimits },
  rule: () => ({
    transport: (_a, state) => state,
    update: (a, x, flow, { rate, decay }) => ({
      value: a.lincomb(1 - rate * decay, x, rate, flow),
    }),
  }),
});
