import { type Algebra, columnSquares } from "../../algebra/mod.ts";
import type { Tensor } from "../../backend/mod.ts";
import { checkInteger } from "../../checks.ts";
import type { Random } from "../../random.ts";
import { drawsOf } from "../draws.ts";
import type { TrainingMethod } from "../method.ts";
import type { Mover } from "../mover.ts";
import type { Representation } from "../representation.ts";
import { matrixShape } from "../representation/matrix_factors.ts";
import { decomposed, spectralReading } from "../representation/spectral.ts";
import type { StateTree, WeightRecord, WeightSpec } from "../weight.ts";
import { byRule } from "./rule.ts";

/** Settings of {@linkcode sampledSpectrum}. */
export interface SampledSpectrumOptions {
  /** Steps for which the same singular vectors move. */
  readonly period: number;
}

/** A weight at the start of a step, and which of its vectors move. */
interface Drawn {
  readonly state: WeightRecord;
  /** Indices of the vectors. */
  readonly drawn: Tensor;
}

/**
 * Sparse Spectral Training (Zhao et al., arXiv 2405.15481): all singular values move, and of the
 * vectors as many as the rank of the weight says, drawn anew every so many steps without their
 * moments, half of the odds by the values. Vectors stay of length 1, values at 0 or above. When as
 * many were drawn as there are, the weight is decomposed anew, and all moments begin again.
 */
export function sampledSpectrum({ period }: SampledSpectrumOptions): Mover {
  checkInteger("sample a spectrum", "period", period);
  return {
    ...byRule,
    name: "sampled-spectrum",
    description: "all singular values and some of the vectors by the optimizer rule",
    moves: (representation) =>
      byRule.moves(representation) && representation.anchor === "s" && !representation.asMatrix,

    async *update(weight) {
      const { representation, spec, motion: { method } } = weight;
      const { algebra: a, engine } = method;
      const count = (weight.state.count ?? 0) as number;
      const { state, drawn } = await drawnFor(method, representation, spec, weight.state, period);
      const chosen = selection(a, await a.read(drawn), (state.sigma as Tensor).size);
      const reading = spectralReading(method, spec, state, chosen);
      const own: Representation = {
        ...representation,
        asVariables: () => ({ ...reading, store: (next) => ({ ...next }) }),
      };
      const moved = yield* byRule.update({ ...weight, state, representation: own });
      const { u, sigma, v, ...kept } = moved.state as Record<"u" | "sigma" | "v", Tensor>;
      const next = {
        u: await unitColumns(a, u),
        sigma: engine.activate(sigma, "relu"),
        v: await unitColumns(a, v),
      };
      return { state: { ...reading.store(next), ...kept, drawn, count: count + 1 } };
    },
  };
}

/** The vectors of this step, drawn anew where that is due. */
async function drawnFor(
  method: TrainingMethod,
  representation: Representation,
  spec: WeightSpec,
  { count = 0, drawn, moments, ...state }: WeightRecord,
  period: number,
): Promise<Drawn> {
  const { algebra: a } = method;
  const values = (state.sigma as Tensor).size;
  const most = Math.min(spec.rank ?? values, values);
  const step = count as number;
  if (step % period !== 0) return { state: { ...state, moments }, drawn: drawn as Tensor };
  const begins = step % (period * Math.ceil(values / most)) === 0;
  const next = begins && step > 0
    ? (await decomposed(
      method,
      spec,
      a.reshape(representation.toDense!(method, spec, state), ...matrixShape(spec)),
    )).state
    : state;
  const { sigma } = (moments ?? {}) as Record<string, StateTree>;
  const random = drawsOf(method, spec, step);
  const indices = draw(random, await a.read(next.sigma as Tensor), most);
  return {
    state: { ...next, ...(sigma === undefined || begins ? {} : { moments: { sigma } }) },
    drawn: a.from(indices, 1, most),
  };
}

/** Different indices, one after another with odds (1/s + σᵢ / Σ σ) / 2. */
function draw(random: Random, sigma: Float64Array, count: number): number[] {
  const sum = sigma.reduce((total, x) => total + x, 0);
  const odds = sigma.map((x) => (1 / sigma.length + (sum > 0 ? x / sum : 1 / sigma.length)) / 2);
  const indices: number[] = [];
  while (indices.length < count) {
    const place = random.uniform() * odds.reduce((total, x) => total + x, 0);
    let [i, passed] = [0, odds[0]!];
    while (i < odds.length - 1 && (passed <= place || odds[i] === 0)) passed += odds[++i]!;
    if (odds[i] === 0) i = odds.findLastIndex((x) => x > 0);
    indices.push(i);
    odds[i] = 0;
  }
  return indices.sort((i, j) => i - j);
}

/** n×r with a 1 in each column, at the index. */
function selection(a: Algebra<Tensor>, indices: Float64Array, n: number): Tensor {
  const entries = new Float32Array(n * indices.length);
  indices.forEach((row, column) => entries[row * indices.length + column] = 1);
  return a.from(entries, n, indices.length);
}

/** Columns of length 1. */
async function unitColumns(a: Algebra<Tensor>, x: Tensor): Promise<Tensor> {
  const squares = await a.read(columnSquares(a, x));
  return a.weighted(x, { columns: squares.map((sum) => sum > 0 ? 1 / Math.sqrt(sum) : 1) });
}
