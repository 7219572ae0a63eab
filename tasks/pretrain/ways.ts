/**
 * Ways to train a network from its start, and how many numbers each holds meanwhile.
 *
 * @module
 */

import {
  formatChoice,
  type Mover,
  Registry,
  type SettingLimits,
  type Settings,
  type Tunable,
  tunable,
  weightFormats,
} from "../../core/mod.ts";
import { optimizers } from "../../optimizers/mod.ts";
import { methods } from "../methods.ts";

/** A way to train. */
export interface Way extends Tunable<Way> {
  /** Options of a training recipe, for a rank where it has one. */
  args(rank: number): Readonly<Record<string, string | number>>;
  /**
   * Numbers that an m×n matrix and its optimizer hold while it trains, counters aside.
   *
   * @param rank At most the short side.
   */
  numbers(m: number, n: number, rank: number): number;
  /** Whether it has a rank, with which its size grows; else there is one size of it. */
  readonly ranked: boolean;
  /** Factor of the step sizes that are tried; default 1. */
  readonly rateFactor?: number;
}

/** Ways by name. */
export const ways: Registry<Way> = new Registry("way to train");

/** More of an optimizer's way than its name. */
interface OfOptimizer {
  /** Settings that the way has where the optimizer has others. */
  readonly set?: Settings;
  /** Names of the settings that leave the numbers as they are, which can be typed. */
  readonly free?: readonly string[];
  readonly ranked?: boolean;
  readonly rateFactor?: number;
}

/** Whole weights by an optimizer rule. */
function byOptimizer(
  name: string,
  description: string,
  held: (m: number, n: number, rank: number) => number,
  { set = {}, free = [], ranked = false, rateFactor = 1 }: OfOptimizer = {},
): Way {
  const plugin = optimizers.get(name);
  const limits = (plugin.limits ?? {}) as Readonly<Record<string, SettingLimits>>;
  const usual: Settings = { ...plugin.defaults, ...set };
  return tunable(ways, {
    ...{ name, description },
    defaults: Object.fromEntries(free.map((key) => [key, usual[key]!])),
    limits: Object.fromEntries(free.map((key) => [key, limits[key]!])),
    make: (settings: Settings) => ({
      ...{ ranked, rateFactor },
      args(rank) {
        const own = Object.entries({ ...set, ...settings })
          .filter(([key, value]) => value !== plugin.defaults[key]);
        const all = { ...(ranked ? { rank } : {}), ...Object.fromEntries(own) };
        return { method: "dense", optimizer: formatChoice({ plugin, settings: all }) };
      },
      numbers: (m, n, rank) => m * n + held(m, n, rank),
    }),
  });
}

/** Weights of another form by Adam; settings are those of their mover. */
function byMethod(
  name: string,
  description: string,
  numbers: Way["numbers"],
  more: { readonly args?: ReturnType<Way["args"]>; readonly ranked?: boolean } = {},
): Way {
  const { args = {}, ranked = true } = more;
  const { mover } = weightFormats.get(methods.get(name).format);
  const { defaults = {}, limits = {} } = mover;
  return tunable(ways, {
    ...{ name, description, defaults, limits: limits as Record<string, SettingLimits> },
    make: (settings) => ({
      ...{ numbers, ranked },
      args: (rank) => ({
        method: name,
        optimizer: "adam",
        ...(ranked ? { rank, "min-rank": 1, "max-rank": rank } : {}),
        ...args,
        ...moverArgs(mover, settings),
      }),
    }),
  });
}

/** The option for a mover, where something is set of it. */
function moverArgs(mover: Mover, settings: Settings): ReturnType<Way["args"]> {
  const changed = Object.entries(settings).filter(([key, value]) =>
    value !== mover.defaults?.[key]
  );
  if (changed.length === 0) return {};
  return { mover: formatChoice({ plugin: mover, settings: Object.fromEntries(changed) }) };
}

const short = (m: number, n: number): number => Math.min(m, n);
const long = (m: number, n: number): number => Math.max(m, n);
/** The moments of the projected gradients. */
const projected = (m: number, n: number, r: number): number => 2 * r * long(m, n);
const withBasis = (m: number, n: number, r: number): number => projected(m, n, r) + r * short(m, n);
/** Two factors and their moments by Adam. */
const factors = (m: number, n: number, r: number): number => 3 * r * (m + n);

/** As the small experiments of the publications choose the subspace anew. */
const OFTEN = { every: 50, scale: 1 };

byOptimizer("adam", "full weights by Adam, the reference", (m, n) => 2 * m * n, {
  free: ["momentum", "beta2"],
});
byOptimizer("muon", "orthogonalised momentum", (m, n) => m * n, {
  set: { baseRate: 0.1 },
  free: ["momentum", "nesterov", "steps", "scale", "baseRate"],
});
byOptimizer("soap", "Adam in eigenbases", (m, n) => 2 * (m * n + m * m + n * n), {
  free: ["memory", "every"],
});
byOptimizer("shampoo", "inverse roots of sums of squares", (m, n) => 2 * (m * m + n * n), {
  set: { every: 10 },
  free: ["epsilon", "baseRate"],
  rateFactor: 10,
});
byOptimizer("adafactor", "second moments by rows and columns", (m, n) => m + n, {
  free: ["exponent", "clip", "relative"],
});
byOptimizer("galore", "Adam on projected gradients", withBasis, {
  ...{ set: OFTEN, ranked: true },
  free: ["every", "scale", "choice", "carry"],
});
byOptimizer("fira", "the same with the rest of the gradient", withBasis, {
  ...{ set: OFTEN, ranked: true },
  free: ["every", "scale", "choice", "scaling", "growth", "variant"],
});
byOptimizer("apollo", "gradients scaled by a random projection", projected, {
  ranked: true,
  free: ["every", "scale", "scaling", "growth"],
});
byOptimizer("apollo-mini", "the same of rank 1", (m, n) => projected(m, n, 1), {
  free: ["every", "scale", "growth"],
});
byOptimizer("mofasgd", "orthogonalised momentum of low rank", (m, n, r) => r * (m + n + 1), {
  ...{ set: { baseRate: 0.1 }, ranked: true },
  free: ["momentum", "baseRate"],
});
// Cores have r² moments, and bases one momentum each.
byMethod("low-rank", "U S Vᵀ by an integrator", (m, n, r) => 2 * r * (m + n) + 2 * r * r, {
  args: { tolerance: 0, integrator: "augmented-bug" },
});
byMethod("factor-matrix", "U Vᵀ by Adam", factors);
byMethod("ordered-low-rank", "U Vᵀ by prefixes of the columns", factors);
byMethod("sparse-low-rank", "a sparse matrix, 3 %, plus U Vᵀ", (m, n, r) => {
  return factors(m, n, r) + 3 * Math.floor(0.03 * m * n);
});
byMethod("relora", "full weights plus merged increments", (m, n, r) => m * n + factors(m, n, r));
byMethod("sparse-spectral", "U diag(σ) Vᵀ, some vectors at a time", (m, n, r) => {
  const s = short(m, n);
  return s * (m + n + 1) + 2 * (r * (m + n) + s);
});
byMethod("rank-pruned", "full weights truncated now and then", (m, n) => 3 * m * n, {
  args: { truncation: "energy", tolerance: 0.1, rank: 1, "min-rank": 1, "max-rank": 1e6 },
  ranked: false,
});
