import { Random, type RuleState } from "../core/mod.ts";
import { directionOf, forMatrices } from "./base_rule.ts";
import { defineOptimizer, type Optimizer } from "./optimizer.ts";
import {
  growthFactor,
  growthLimits,
  projectionLimits,
  type ProjectionSettings,
  rescaled,
} from "./projection.ts";
import { sideOf } from "./sides.ts";

/** Settings of {@linkcode apollo} and {@linkcode apolloMini}. */
export type ApolloSettings = ProjectionSettings & {
  /** What has a factor of its own: each "channel" of the long side, or the whole "tensor". */
  readonly scaling: string;
  /** Most that a step may grow by, γ; 0: as it likes. */
  readonly growth: number;
  /** Seed of the projections. */
  readonly seed: number;
};

/** State of a matrix. */
type ApolloState<M> = {
  /** Updates taken; the projection is drawn from it and the seed. */
  readonly count: number;
  /** Norm of the last step before α and η. */
  readonly length: number;
  /** State of the base rule of the projected gradients. */
  readonly base?: RuleState<M>;
};

const defaults: ApolloSettings = {
  rank: 128,
  every: 200,
  scale: 1,
  scaling: "channel",
  growth: 1.01,
  seed: 0,
  base: "adam",
  weightDecay: 0,
};

/**
 * APOLLO (Zhu et al., arXiv 2412.05270): the gradient itself, channel by channel as much longer or
 * shorter as the base rule makes it in a random projection. R = Pᵀ G with entries of P from
 * N(0, 1/r), N = ψ(R), W ← (1 − ηλ) W − η α G ‖N‖ / ‖R‖, where a step is no longer than γ times the
 * last one.
 *
 * State: 1 and what the base rule keeps of r×l; P is drawn anew.
 */
export const apollo: Optimizer<ApolloSettings> = defineApollo(
  "apollo",
  "gradients with the lengths that a base rule gives a random projection (APOLLO)",
  defaults,
);

/**
 * APOLLO-Mini: one factor for the whole matrix from a projection of rank 1, with as many numbers of
 * state as the long side has; α = √128, as published.
 */
export const apolloMini: Optimizer<ApolloSettings> = defineApollo(
  "apollo-mini",
  "APOLLO of rank 1, with one factor for a whole matrix (APOLLO-Mini)",
  { ...defaults, rank: 1, scale: Math.sqrt(128), scaling: "tensor" },
);

function defineApollo(
  name: string,
  description: string,
  defaults: ApolloSettings,
): Optimizer<ApolloSettings> {
  return defineOptimizer({
    name,
    description,
    defaults,
    limits: {
      ...projectionLimits,
      scaling: {
        oneOf: ["channel", "tensor"],
        description: "what has a factor of its own: each channel of the long side, or the tensor",
      },
      growth: growthLimits,
      seed: { integer: true, description: "seed of the projections" },
    },
    rule(s, makeBase) {
      const [base, projections] = [makeBase(), projectionsOf(s)];
      return forMatrices(base, async (a, x, flow, { rate, decay }, state = {}) => {
        const { count = 0, length = 0, base: known } = state as Partial<ApolloState<typeof x>>;
        const side = sideOf(a, flow, "short");
        const r = Math.min(s.rank, side.length);
        const p = a.from(projections(side.length, r, Math.floor(count / s.every)), side.length, r);
        const low = side.project(p, flow);
        const moved = await directionOf(a, base, low, known);
        const whole = s.scaling === "tensor";
        const scaled = await rescaled(a, side, flow, { after: moved.value, before: low, whole });
        const norm = await a.norm(scaled);
        const factor = growthFactor(norm, length, s.growth);
        return {
          value: a.lincomb(1 - rate * decay, x, rate * s.scale * factor, scaled),
          state: {
            count: count + 1,
            length: factor * norm,
            ...(moved.state ? { base: moved.state } : {}),
          },
        };
      });
    },
  });
}

/** Gaussian matrices by shape and the number of the draw; the last one of each shape is kept. */
function projectionsOf(
  { seed }: Pick<ApolloSettings, "seed">,
): (rows: number, rank: number, draw: number) => Float32Array {
  const last = new Map<string, { readonly draw: number; readonly entries: Float32Array }>();
  return (rows, rank, draw) => {
    const shape = `${rows}×${rank}`;
    const known = last.get(shape);
    if (known?.draw === draw) return known.entries;
    const random = new Random(seed).fork(shape).fork(draw);
    const entries = random.fillNormal(new Float32Array(rows * rank), 0, 1 / Math.sqrt(rank));
    last.set(shape, { draw, entries });
    return entries;
  };
}
