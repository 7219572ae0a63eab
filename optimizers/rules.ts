/**
 * Optimizer rules over element-wise operations, for whole weights and for factors alike.
 *
 * @module
 */

import type { Elementwise, Moments, OptimizerRule, Plugin, Updated } from "../core/mod.ts";
import { Registry } from "../core/mod.ts";

/** Settings that optimizers share; each reads those that it lists among its options. */
export interface OptimizerSettings {
  /** Decay of the first moment: β of heavy ball and Nesterov, β₁ of Adam; default 0.9. */
  readonly momentum?: number;
  /** Decay of the second moment, β₂; default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment; default 1e-8. */
  readonly epsilon?: number;
  /** Decay of the weights per unit of step size, decoupled from the gradient; default 0. */
  readonly weightDecay?: number;
}

/** An optimizer: makes rules of settings. */
export interface Optimizer extends Plugin {
  /**
   * Makes the rule.
   *
   * @throws {RangeError} When a setting is out of range.
   */
  create(settings?: OptimizerSettings): OptimizerRule;
}

/** Optimizers by name. */
export const optimizers: Registry<Optimizer> = new Registry("optimizer");

const DECAY = { weightDecay: "decay of the weights, decoupled from the gradient (0)" };
const MOMENTUM = { momentum: "decay of the velocity (0.9)", ...DECAY };
const ADAPTIVE = {
  momentum: "decay of the first moment, β₁ (0.9)",
  beta2: "decay of the second moment, β₂ (0.999)",
  epsilon: "added to the root of the second moment (1e-8)",
};

/** Gradient descent: x ← (1 − ηλ) x − η g. */
export const sgd: Optimizer = optimizers.add({
  name: "sgd",
  description: "gradient descent",
  options: DECAY,
  create(settings = {}) {
    const { weightDecay } = checked(this.name, settings);
    return {
      name: this.name,
      direction: (_a, flow) => flow,
      update: (a, x, flow, rate) => ({ value: a.lincomb(1 - rate * weightDecay, x, rate, flow) }),
    };
  },
});

/** Heavy ball (Polyak 1964): m ← β m + g, x ← (1 − ηλ) x − η m. */
export const heavyBall: Optimizer = optimizers.add({
  name: "heavy-ball",
  description: "gradient descent with Polyak momentum",
  options: MOMENTUM,
  create(settings = {}) {
    const { momentum, weightDecay } = checked(this.name, settings);
    return {
      name: this.name,
      direction: (a, flow, moments) => accumulate(a, momentum, 1, flow, moments),
      update(a, x, flow, rate, moments) {
        const velocity = accumulate(a, momentum, 1, flow, moments);
        return {
          value: a.lincomb(1 - rate * weightDecay, x, rate, velocity),
          moments: { count: (moments?.count ?? 0) + 1, first: velocity },
        };
      },
    };
  },
});

/** Nesterov momentum as deep learning uses it: m ← β m + g, x ← (1 − ηλ) x − η (g + β m). */
export const nesterov: Optimizer = optimizers.add({
  name: "nesterov",
  description: "gradient descent with Nesterov momentum",
  options: MOMENTUM,
  create(settings = {}) {
    const { momentum, weightDecay } = checked(this.name, settings);
    return {
      name: this.name,
      direction: (a, flow, moments) =>
        a.lincomb(1, flow, momentum, accumulate(a, momentum, 1, flow, moments)),
      update(a, x, flow, rate, moments) {
        const velocity = accumulate(a, momentum, 1, flow, moments);
        const ahead = a.lincomb(1, flow, momentum, velocity);
        return {
          value: a.lincomb(1 - rate * weightDecay, x, rate, ahead),
          moments: { count: (moments?.count ?? 0) + 1, first: velocity },
        };
      },
    };
  },
});

/** Adam (Kingma, Ba: ICLR 2015) with bias correction and without weight decay. */
export const adam: Optimizer = optimizers.add({
  name: "adam",
  description: "adaptive moments (Adam)",
  options: ADAPTIVE,
  create(settings = {}) {
    const s = checked(this.name, settings);
    if (s.weightDecay !== 0) {
      throw new RangeError(
        `Cannot make optimizer "adam": weightDecay must be 0, got ${s.weightDecay}; ` +
          `use "adamw" for decoupled decay`,
      );
    }
    return {
      name: this.name,
      scaleFree: true,
      direction: (a, f, m) => accumulate(a, s.momentum, 1 - s.momentum, f, m),
      update: (a, x, f, rate, m) => adaptive(a, x, f, rate, m, s),
    };
  },
});

/** Adam with decoupled weight decay (Loshchilov, Hutter: ICLR 2019). */
export const adamw: Optimizer = optimizers.add({
  name: "adamw",
  description: "Adam with decoupled weight decay (AdamW)",
  options: { ...ADAPTIVE, weightDecay: "decay of the weights (0.01)" },
  create(settings = {}) {
    const s = checked(this.name, { weightDecay: 0.01, ...settings });
    return {
      name: this.name,
      scaleFree: true,
      direction: (a, f, m) => accumulate(a, s.momentum, 1 - s.momentum, f, m),
      update: (a, x, f, rate, m) => adaptive(a, x, f, rate, m, s),
    };
  },
});

/** β m + α flow, from zero moments at the start. */
function accumulate<M>(
  a: Elementwise<M>,
  beta: number,
  alpha: number,
  flow: M,
  moments: Moments<M> | undefined,
): M {
  return moments?.first === undefined
    ? a.scale(alpha, flow)
    : a.lincomb(beta, moments.first, alpha, flow);
}

function adaptive<M>(
  a: Elementwise<M>,
  x: M,
  flow: M,
  rate: number,
  moments: Moments<M> | undefined,
  s: Required<OptimizerSettings>,
): Updated<M> {
  const count = (moments?.count ?? 0) + 1;
  const first = accumulate(a, s.momentum, 1 - s.momentum, flow, moments);
  const second = a.lincombSquare(
    s.beta2,
    moments?.second ?? a.zerosLike(flow),
    1 - s.beta2,
    flow,
  );
  const value = a.adaptiveStep(x, first, second, {
    gamma: 1 - rate * s.weightDecay,
    alpha: -rate / (1 - s.momentum ** count), // minus: the flow is the negative gradient
    delta: 1 / (1 - s.beta2 ** count),
    epsilon: s.epsilon,
  });
  return { value, moments: { count, first, second } };
}

/** Settings with defaults, each in its range. */
function checked(name: string, settings: OptimizerSettings): Required<OptimizerSettings> {
  const full = { momentum: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, ...settings };
  const within = (key: keyof OptimizerSettings, low: number, high: number): void => {
    if (!(full[key] >= low && full[key] < high)) {
      throw new RangeError(
        `Cannot make optimizer "${name}": ${key} must be in [${low}, ${high}), got ${full[key]}`,
      );
    }
  };
  within("momentum", 0, 1);
  within("beta2", 0, 1);
  within("epsilon", 0, Infinity);
  within("weightDecay", 0, Infinity);
  return full;
}
