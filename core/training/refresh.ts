/**
 * When the bases of factorised weights are refreshed. Between two refreshes they stand still, and
 * the cores move alone: an ordinary step with r×r numbers a weight, each on a batch of its own.
 *
 * @module
 */

import { Registry } from "../registry.ts";
import { type Tunable, tunable } from "../tunable.ts";
import type { SettingLimits } from "../settings.ts";

/** A moment of a run. */
export interface Moment {
  /** Share of the run that is done, from 0 to below 1. */
  readonly progress: number;
  /** Whether it is the last step: what was put off is done. */
  readonly final: boolean;
  /** Steps of the run that are done, and those in all, where the caller counts them. */
  readonly count?: { readonly done: number; readonly all: number };
}

/** Where a weight is between two refreshes. */
export interface CyclePlace extends Moment {
  /** Steps since the bases were refreshed: 0 in that step; Infinity where they never were. */
  readonly held: number;
}

/** A look at the gradient, which costs two skinny products. */
export interface Look {
  /** The share of the projected gradient P(W) G within the bases with which the core steps alone. */
  readonly enough: number;
  /**
   * Whether the share is that of what this look and the one before agree on, which is no noise of a
   * batch; the first look in new bases only remembers. Else it is ‖Uᵀ G V‖² / ‖P(W) G‖² of this one.
   */
  readonly agreeing: boolean;
}

/**
 * Decides when an integrator takes its step, and when only the cores move.
 *
 * @example Every other step, and in the end
 * ```ts
 * import type { CyclePlace, Look, Moment, RefreshRule } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const second: RefreshRule = {
 *   name: "second",
 *   description: "every other step",
 *   refreshes: ({ held, final }: CyclePlace): boolean | Look => final || held >= 1,
 *   truncates: ({ final }) => final,
 * };
 * const middle: Moment = { progress: 0.5, final: false };
 * assertEquals([0, 1].map((held) => second.refreshes({ ...middle, held })), [false, true]);
 * ```
 */
export interface RefreshRule extends Tunable<RefreshRule> {
  /** Whether the integrator takes this step: yes, no, or as a look at the gradient tells. */
  refreshes(at: CyclePlace): boolean | Look;
  /**
   * Whether bases that a refresh has grown are truncated at the end of this step; as long as they
   * are not, the core moves in the grown ones.
   */
  truncates(at: CyclePlace): boolean;
}

/**
 * Refresh rules by name.
 *
 * @example One with settings
 * ```ts
 * import { choose, refreshRules } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const rule = choose(refreshRules, "every:steps=10");
 * assertEquals(rule.refreshes({ held: 9, progress: 0.5, final: false }), false);
 * assertEquals(rule.refreshes({ held: 10, progress: 0.5, final: false }), true);
 * ```
 */
export const refreshRules: Registry<RefreshRule> = new Registry("refresh rule");

/** The integrator takes every step. */
export const eachStep: RefreshRule = refreshRules.add({
  name: "each-step",
  description: "the integrator takes every step",
  refreshes: () => true,
  truncates: () => true,
});

/** Phases at both ends of a run. */
const phases = { first: 0, last: 0 };

const phaseLimits: Readonly<Record<keyof typeof phases, SettingLimits>> = {
  first: { min: 0, max: 1, description: "share of the run, at its start, with a refresh a step" },
  last: { min: 0, max: 1, description: "share of the run, at its end, of cores only" },
};

/** Of a place: true in the first phase, false in the last one, undefined between. */
function phaseOf({ progress }: Moment, { first, last }: typeof phases): boolean | undefined {
  if (progress < first) return true;
  return progress >= 1 - last ? false : undefined;
}

/**
 * A refresh every so many steps: s* + 1 of GeoLoRA (Schotthöfer, Zangrando, Ceruti, Tudisco, Kusch,
 * ICLR 2025), whose `truncateAt` is 0.75, and of RobustDLRT (arXiv 2505.08022), which truncates
 * with the last step of a cycle, at 1. The core learns in the grown bases what truncation then
 * keeps: better than to truncate with the refresh, at 0, whose core steps are cheaper.
 */
export const everySteps: RefreshRule = tunable(refreshRules, {
  name: "every",
  description: "the integrator takes every n-th step, cores move in between",
  defaults: { steps: 10, truncateAt: 0.75, ...phases },
  limits: {
    steps: { integer: true, min: 1, description: "steps of a cycle, the refreshing one included" },
    truncateAt: {
      min: 0,
      max: 1,
      description: "where in the cycle to truncate: 0 with the refresh, 1 with the last step",
    },
    ...phaseLimits,
  },
  make({ steps, truncateAt, ...ends }) {
    const truncation = Math.min(steps - 1, Math.floor(truncateAt * steps));
    return {
      refreshes: (at) => phaseOf(at, ends) ?? at.held >= steps,
      truncates: (at) => at.final || phaseOf(at, ends) !== undefined || at.held >= truncation,
    };
  },
});

/**
 * A refresh when it pays: where too small a share of the projected gradient lies within the bases.
 *
 * With C = Uᵀ G V the part within, a step of the core alone descends, for a loss with
 * Lipschitz-continuous gradient (constant L) and gradient steps η, by η (1 − ηL/2) ‖C‖², the
 * integrator's by at least η (1 − ηL/2) ‖P(W) G‖². Where the rule judges by one "batch" and holds,
 * ‖C‖² ≥ `inside` ‖P(W) G‖²: at least that share of the descent is kept. Of small batches most of
 * both is noise; by the "agreement" of two looks the share is an estimate of that of the mean
 * gradient. At latest after `most` steps the bases are refreshed.
 */
export const whenItPays: RefreshRule = tunable(refreshRules, {
  name: "when-it-pays",
  description: "the integrator takes a step where the bases miss most of the projected gradient",
  defaults: {
    ...{ inside: 0.25, look: 5, most: 50, truncateAfter: 3, judge: "agreement" },
    ...phases,
  },
  limits: {
    inside: { min: 0, max: 1, description: "share of ‖P(W) G‖² within the bases that suffices" },
    look: { integer: true, min: 1, description: "steps between two looks" },
    most: { integer: true, min: 1, description: "steps after which bases are refreshed anyway" },
    truncateAfter: {
      integer: true,
      min: 0,
      description: "steps after a refresh until truncation, 0 with the refresh",
    },
    judge: {
      oneOf: ["agreement", "batch"],
      description: "what two looks agree on, or each look by itself",
    },
    ...phaseLimits,
  },
  make: ({ inside, look, most, truncateAfter, judge, ...ends }) => ({
    refreshes(at) {
      const { held } = at;
      const looks = held % look === 0 && { enough: inside, agreeing: judge === "agreement" };
      return phaseOf(at, ends) ?? (held >= most || looks);
    },
    truncates: (at) => {
      return at.final || phaseOf(at, ends) !== undefined || at.held >= truncateAfter;
    },
  }),
});
