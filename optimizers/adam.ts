import type { OptimizerRule, SettingLimits } from "../core/mod.ts";
import {
  accumulate,
  countOf,
  decayLimits,
  momentLimits,
  type Moments,
  moments,
} from "./moments.ts";
import { defineOptimizer, type Optimizer } from "./optimizer.ts";

/** Settings of {@linkcode adam}. */
export type AdamSettings = {
  /** Decay of the first moment, β₁. */
  readonly momentum: number;
  /** Decay of the second moment, β₂. */
  readonly beta2: number;
  /** Added to the root of the second moment. */
  readonly epsilon: number;
};

/** Settings of {@linkcode adamw}. */
export type AdamwSettings = AdamSettings & {
  /** Decoupled decay of the weights. */
  readonly weightDecay: number;
};

const defaults: AdamSettings = { momentum: 0.9, beta2: 0.999, epsilon: 1e-8 };
const limits: Record<keyof AdamSettings, SettingLimits> = {
  momentum: momentLimits("decay of the first moment, β₁"),
  beta2: momentLimits("decay of the second moment, β₂"),
  epsilon: { min: 0, description: "added to the root of the second moment" },
};

/** Adam (Kingma, Ba: ICLR 2015) with bias correction and without weight decay. */
export const adam: Optimizer<AdamSettings> = defineOptimizer({
  name: "adam",
  description: "adaptive moments (Adam)",
  defaults,
  limits,
  rule: adaptive,
});

/** Adam with decoupled weight decay (Loshchilov, Hutter: ICLR 2019). */
export const adamw: Optimizer<AdamwSettings> = defineOptimizer<AdamwSettings>({
  name: "adamw",
  description: "Adam with decoupled weight decay (AdamW)",
  defaults: { ...defaults, weightDecay: 0.01 },
  limits: { ...limits, weightDecay: decayLimits },
  rule: adaptive,
});

/** m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², x ← (1 − ηλ) x − η m̂ / (√v̂ + ε). */
function adaptive(s: AdamSettings): Omit<OptimizerRule, "name" | "weightDecay"> {
  return {
    ...moments,
    scaleFree: true,
    direction: (a, flow, state) => accumulate(a, s.momentum, 1 - s.momentum, flow, state),
    update(a, x, flow, { rate, decay }, state) {
      const count = countOf(state);
      const first = accumulate(a, s.momentum, 1 - s.momentum, flow, state);
      const before = (state as Moments<typeof x> | undefined)?.second ?? a.zerosLike(flow);
      const second = a.lincombSquare(s.beta2, before, 1 - s.beta2, flow);
      const value = a.adaptiveStep(x, first, second, {
        gamma: 1 - rate * decay,
        alpha: -rate / (1 - s.momentum ** count), // minus: the flow is the negative gradient
        delta: 1 / (1 - s.beta2 ** count),
        epsilon: s.epsilon,
      });
      return { value, state: { count, first, second } };
    },
  };
}
