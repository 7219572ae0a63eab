import {
  accumulate,
  countOf,
  decayLimits,
  momentLimits,
  type Moments,
  moments,
} from "./moments.ts";
import { defineOptimizer, type Optimizer } from "./optimizer.ts";

/** Settings of {@linkcode heavyBall} and {@linkcode nesterov}. */
export type MomentumSettings = {
  /** Decay of the velocity, β. */
  readonly momentum: number;
  /** Decoupled decay of the weights. */
  readonly weightDecay: number;
};

const shared = {
  defaults: { momentum: 0.9, weightDecay: 0 },
  limits: { momentum: momentLimits("decay of the velocity, β"), weightDecay: decayLimits },
};

/** Heavy ball (Polyak 1964): m ← β m + g, x ← (1 − ηλ) x − η m. */
export const heavyBall: Optimizer<MomentumSettings> = defineOptimizer({
  name: "heavy-ball",
  description: "gradient descent with Polyak momentum",
  ...shared,
  rule: ({ momentum }) => ({
    ...moments,
    direction: (a, flow, state) => accumulate(a, momentum, 1, flow, state),
    update(a, x, flow, { rate, decay }, state) {
      const first = accumulate(a, momentum, 1, flow, state);
      return {
        value: a.lincomb(1 - rate * decay, x, rate, first),
        state: { count: countOf(state), first },
      };
    },
  }),
});

/** Nesterov momentum as deep learning uses it: m ← β m + g, x ← (1 − ηλ) x − η (g + β m). */
export const nesterov: Optimizer<MomentumSettings> = defineOptimizer({
  name: "nesterov",
  description: "gradient descent with Nesterov momentum",
  ...shared,
  rule: ({ momentum }) => ({
    ...moments,
    // Step and new velocity are two directions: bases that hold one alone lose a part of the other.
    direction(a, flow, state) {
      const { first } = (state ?? {}) as Partial<Moments<typeof flow>>;
      return first === undefined || momentum === 0 ? flow : a.hstack([flow, first]);
    },
    update(a, x, flow, { rate, decay }, state) {
      const first = accumulate(a, momentum, 1, flow, state);
      const ahead = a.lincomb(1, flow, momentum, first);
      return {
        value: a.lincomb(1 - rate * decay, x, rate, ahead),
        state: { count: countOf(state), first },
      };
    },
  }),
});
