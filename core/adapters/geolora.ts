import type { Algebra } from "../algebra/mod.ts";
import type { LowRank } from "../geometry/mod.ts";
import {
  integrators,
  noTruncation,
  relativeFrobenius,
  type Truncation,
} from "../integrators/mod.ts";
import { byIntegrator, everySteps, type Mover, refreshRules } from "../training/mod.ts";
import { sharedRanks } from "../training/shared_ranks.ts";
import { checkBounds } from "../checks.ts";
import { tunable, tune, type Tuned } from "../tunable.ts";
import type { Adapter, AdapterEvidence, Tensors } from "./adapter.ts";
import { normal, rankLimits, scalar, scaledBy } from "./factors.ts";
import { adapters } from "./registry.ts";

/** Settings of {@linkcode geolora}. */
export type GeoloraSettings = {
  /** Rank at the start. */
  rank: number;
  /** Factor of the increment, whatever its rank. */
  scale: number;
  /** Part of the norm that truncation may cut. */
  tolerance: number;
  /** What norm that is: of each weight by itself, or of all increments together. */
  per: string;
  /** Largest sum of ranks over the network, 0 for none. */
  budget: number;
  /** Ranks never fall below. */
  minRank: number;
  /** Ranks never rise above, 0 for the smaller dimension. */
  maxRank: number;
  /** Steps of a cycle, the integrator's included. */
  steps: number;
  /** Where in the cycle to truncate. */
  truncateAt: number;
  /** Share of the run, at its end, in which the cores alone move. */
  last: number;
  /** What takes the first step of a cycle. */
  integrator: string;
};

/**
 * W₀ + σ U S Vᵀ on the manifold of low-rank matrices (Schotthöfer, Zangrando, Ceruti, Tudisco, Kusch:
 * GeoLoRA, ICLR 2025, arXiv 2410.18720): an integrator's step, from one gradient, doubles the bases;
 * the core trains in them, at three quarters of the cycle ranks are truncated, and the last phase moves
 * cores alone. The rank at the start does not matter at the end.
 *
 * Truncation by a part of the norm of each weight is the published one. By that of all increments
 * together, weights that need not change come down to the least rank: what is noise beside the others
 * is no reason for a rank. A budget holds in either case.
 */
export const geolora: Tuned<Adapter, GeoloraSettings> = tunable(adapters, {
  name: "geolora",
  description: "frozen weights plus U S Vᵀ by an integrator; ranks adapt, by tolerance and budget",
  defaults: {
    rank: 8,
    scale: 1,
    tolerance: 0.1,
    per: "network",
    budget: 0,
    minRank: 1,
    maxRank: 0,
    steps: 5,
    truncateAt: 0.75,
    last: 0.1,
    integrator: "parallel-bug",
  },
  limits: {
    rank: { ...rankLimits, description: "rank at the start" },
    scale: { above: 0, description: "factor of the increment, whatever its rank" },
    tolerance: { min: 0, below: 1, description: "part of the norm that truncation may cut" },
    per: {
      oneOf: ["network", "weight"],
      description: "the norm of all increments together, or of each by itself",
    },
    budget: { integer: true, min: 0, description: "largest sum of ranks, 0 for none" },
    minRank: { integer: true, min: 1, description: "ranks never fall below" },
    maxRank: { integer: true, min: 0, description: "ranks never rise above, 0 for no bound" },
    steps: { integer: true, min: 1, description: "steps of a cycle, the integrator's included" },
    truncateAt: { min: 0, max: 1, description: "where in the cycle to truncate" },
    last: { min: 0, max: 1, description: "share of the run, at its end, of cores alone" },
    integrator: {
      oneOf: ["parallel-bug", "augmented-bug"],
      description: "what takes the first step of a cycle",
    },
  },
  make: (settings) => ({
    async attach(a, w, { random }) {
      const [inputs, outputs] = [a.rows(w), a.cols(w)];
      const rank = Math.min(settings.rank, inputs, outputs);
      const basis = (name: string, rows: number) =>
        a.orthonormalize(normal(a, random.fork(name), [rows, rank], 1));
      const trained = {
        u: await basis("u", inputs),
        s: a.zeros(rank, rank),
        v: await basis("v", outputs),
      };
      const frozen = { scale: scalar(a, settings.scale) };
      return { base: w, trained, frozen, numbers: { rank } };
    },
    factors: coreFactors,
    flows: coreFlows,
    manifold: true,
    mover: moverOf(settings),
    trainables([inputs, outputs]) {
      const rank = Math.min(settings.rank, inputs, outputs);
      return rank * (inputs + outputs + rank);
    },
  }),
});

/** The integrator's step with what the adapter says in place of the run, and shared ranks. */
function moverOf(settings: GeoloraSettings): Mover {
  const { steps, truncateAt, last, per, tolerance, minRank } = settings;
  const maxRank = settings.maxRank || Infinity;
  checkBounds('adapt by "geolora"', ["minRank", "maxRank"], [minRank, maxRank]);
  const budget = settings.budget || Infinity;
  const integrator = integrators.get(settings.integrator);
  const refresh = tune(refreshRules, everySteps, { steps, truncateAt, last });
  const together = per === "network";
  const truncation: Truncation = together
    ? { rule: noTruncation, tolerance: 0, minRank: Number.MAX_SAFE_INTEGER }
    : { rule: relativeFrobenius, tolerance, minRank, maxRank };
  const shared = { budget, tolerance: together ? tolerance : 0, minRank, maxRank };
  return {
    ...byIntegrator,
    // The anchor of an adapted weight is its scale, in which regularizers see no core.
    keepsBases: false,
    update(weight) {
      const { motion } = weight;
      const method = { ...motion.method, integrator, refresh, truncation };
      return byIntegrator.update({ ...weight, motion: { ...motion, method } });
    },
    allocate: (method, weights) => sharedRanks(method, weights, shared),
  };
}

/** U (α S) Vᵀ of a state with u, s, v and scale. */
function coreFactors<M>(a: Algebra<M>, { u, s, v, scale }: Tensors<M>): LowRank<M> {
  return { u: u!, s: scaledBy(a, scale!, s!), v: v! };
}

/** The flows of all three: α F V Sᵀ, α Uᵀ F V and α Fᵀ U S. */
function coreFlows<M>(
  a: Algebra<M>,
  { u, s, v, scale }: Tensors<M>,
  { field }: Pick<AdapterEvidence<M>, "field">,
): Tensors<M> {
  const [k, l] = [field.times(v!), field.adjointTimes(u!)];
  return {
    u: scaledBy(a, scale!, a.multiply(k, s!, { transposeRight: true })),
    s: scaledBy(a, scale!, field.galerkin(u!, v!)),
    v: scaledBy(a, scale!, a.multiply(l, s!)),
  };
}
