import type { Algebra } from "../algebra/mod.ts";
import { checkInteger } from "../checks.ts";
import { Random } from "../random.ts";
import { type DecompositionOptions, leftOut, type TuckerDecomposition } from "./decomposition.ts";
import { type DenseTensor, modeProduct, modeProducts, unfoldCyclic } from "./dense_tensor.ts";
import { checkModeOrder } from "./hosvd.ts";
import { eachMode, type RankChoice, spendBudget } from "./truncation.ts";

const DEFAULTS = { oversampling: 8, powerIterations: 1, seed: 1 };

const LIMITS = {
  oversampling: { integer: true, min: 0, description: "columns of a sketch beyond the rank" },
  powerIterations: { integer: true, min: 0, description: "for spectra that decay slowly" },
  seed: { integer: true, min: 0, description: "seed of the sketches" },
};

/**
 * Randomised higher-order SVD: the range of each unfolding is found by a Gaussian sketch and the
 * SVD taken inside it (Minster, Saibaba, Kilmer, SIAM J. Math. Data Sci. 2(1), 2020; Halko,
 * Martinsson, Tropp, SIAM Review 53(2), 2011). Needs `maxRanks`: they size the sketch.
 *
 * It reports the error from the norms of tensor and core.
 */
export const randomizedHosvd: TuckerDecomposition = {
  name: "randomized-hosvd",
  description: "HOSVD in the ranges that Gaussian sketches find; needs maxRanks",
  defaults: DEFAULTS,
  limits: LIMITS,
  async decompose(a, x, options = {}) {
    const s = await sketchSettings(a, x, options);
    const factors: typeof x.data[] = [];
    for (const mode of x.shape.keys()) factors.push(await leadingRange(a, x, mode, s));
    const core = modeProducts(a, x, factors, { transpose: true });
    return { tucker: { core, factors }, discarded: await leftOut(a, x, core) };
  },
};

/** Randomised and sequentially truncated: each sketch sees what the modes before have left. */
export const randomizedSequentialHosvd: TuckerDecomposition = {
  name: "randomized-sequential-hosvd",
  description: "sequential HOSVD by Gaussian sketches: the cheapest; needs maxRanks",
  defaults: DEFAULTS,
  limits: LIMITS,
  async decompose(a, x, options = {}) {
    const order = options.modeOrder ?? [...x.shape.keys()];
    checkModeOrder(order, x.shape.length);
    const s = await sketchSettings(a, x, options);
    const factors: typeof x.data[] = [];
    let core = x;
    for (const mode of order) {
      factors[mode] = await leadingRange(a, core, mode, s);
      core = modeProduct(a, core, factors[mode]!, mode, { transpose: true });
    }
    return { tucker: { core, factors }, discarded: await leftOut(a, x, core) };
  },
};

interface SketchSettings {
  readonly ranks: readonly number[];
  readonly oversampling: number;
  readonly powerIterations: number;
  readonly random: Random;
  readonly choose: RankChoice;
}

async function sketchSettings<M>(
  a: Algebra<M>,
  x: DenseTensor<M>,
  o: DecompositionOptions,
): Promise<SketchSettings> {
  if (o.maxRanks === undefined) {
    throw new RangeError("Cannot sketch a tensor: maxRanks must be given, they size the sketch");
  }
  const { oversampling, powerIterations, seed } = { ...DEFAULTS, ...o };
  return {
    ranks: eachMode("maxRanks", o.maxRanks, x.shape.length),
    oversampling: checkInteger("sketch a tensor", "oversampling", oversampling, { least: 0 }),
    powerIterations: checkInteger("sketch a tensor", "powerIterations", powerIterations, {
      least: 0,
    }),
    random: new Random(seed),
    choose: spendBudget(o, x.shape.length, await a.norm(x.data)),
  };
}

/** Leading left singular vectors of an unfolding, up to the error of the sketch. */
async function leadingRange<M>(
  a: Algebra<M>,
  x: DenseTensor<M>,
  mode: number,
  s: SketchSettings,
): Promise<M> {
  const w = unfoldCyclic(a, x, mode);
  const width = s.ranks[mode]! + s.oversampling;
  if (width >= Math.min(a.rows(w), a.cols(w))) {
    const { p, sigma } = await a.svd(w);
    return a.columns(p, 0, s.choose(sigma, mode));
  }
  const q = await sketchRange(a, w, width, s.random.fork(mode), s.powerIterations);
  const { p, sigma } = await a.svd(a.multiply(q, w, { transposeLeft: true }));
  return a.multiply(q, a.columns(p, 0, s.choose(sigma, mode)));
}

/**
 * Orthonormal basis of approximately the leading range of a matrix, by a Gaussian sketch with
 * power iterations, orthonormalised in between.
 *
 * @param x m×n.
 * @param width Columns of the basis, ≤ min(m, n).
 * @param random Where the sketch is drawn from.
 * @param powerIterations Rounds of X Xᵀ, ≥ 0.
 * @returns m×width.
 */
export async function sketchRange<M>(
  a: Algebra<M>,
  x: M,
  width: number,
  random: Random,
  powerIterations: number,
): Promise<M> {
  const n = a.cols(x);
  const sketch = a.from(random.fillNormal(new Float64Array(n * width)), n, width);
  let q = await a.orthonormalize(a.multiply(x, sketch));
  for (let i = 0; i < powerIterations; i++) {
    const back = await a.orthonormalize(a.multiply(x, q, { transposeLeft: true }));
    q = await a.orthonormalize(a.multiply(x, back));
  }
  return q;
}
