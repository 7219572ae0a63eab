import type { Algebra } from "../algebra/mod.ts";
import type { LowRank } from "../geometry/mod.ts";
import { Random } from "../random.ts";
import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter, AdapterEvidence, Tensors } from "./adapter.ts";
import {
  columnSums,
  leadingColumns,
  leadingRows,
  rankLimits,
  scalar,
  scaledBy,
  sharedFits,
  sharedLimits,
  type SharedSettings,
} from "./factors.ts";
import { adapters } from "./registry.ts";

/** Settings of {@linkcode randlora}. */
export type RandloraSettings = SharedSettings & {
  /** Columns of each random matrix. */
  rank: number;
  /** Numerator of the scale. */
  alpha: number;
};

/**
 * s Σⱼ Bⱼ Λⱼ A Γⱼ with random matrices that never move and that all layers share, of which the
 * diagonals Λⱼ and Γⱼ train: an increment of full rank (Albert et al., "RandLoRA: Full-rank
 * parameter-efficient fine-tuning of large models", arXiv 2502.00987). A, r×d, is at the smaller side
 * of the weight, of extent d, the Bⱼ at the other; there are ⌈d/r⌉ of them.
 */
export const randlora: Tuned<Adapter, RandloraSettings> = tunable(adapters, {
  name: "randlora",
  description: "trained diagonals between random matrices: increments of full rank",
  defaults: { rank: 32, alpha: 640, seed: 0, inputs: 0, outputs: 0 },
  limits: {
    rank: rankLimits,
    alpha: { above: 0, description: "numerator of the scale α/r" },
    ...sharedLimits,
  },
  make: ({ rank, alpha, seed, inputs, outputs }) => ({
    attach(a, w) {
      const [small] = sides([a.rows(w), a.cols(w)]);
      const extents = [Math.max(inputs, a.rows(w)), Math.max(outputs, a.cols(w))] as const;
      const most = Math.max(...extents);
      const [count, all] = [small, Math.min(...extents)].map((d) => Math.ceil(d / rank));
      const random = new Random(seed).fork("randlora");
      const width = rank * all!;
      const wide = balanced(random.fork("B"), most * width);
      const narrow = balanced(random.fork("A"), Math.min(...extents) * rank);
      return Promise.resolve({
        base: w,
        trained: {
          lambda: a.zeros(count!, rank),
          gamma: a.from(
            new Float32Array(count! * small).fill(1 / Math.max(count!, small)),
            count!,
            small,
          ),
        },
        frozen: {
          a: a.from(narrow, Math.min(...extents), rank),
          b: a.from(wide, most, width),
          scale: scalar(a, alpha / rank),
        },
        numbers: { rank: Math.min(small, rank * count!) },
      });
    },
    factors: randomFactors,
    flows: randloraFlows,
    common: ["a", "b"],
    fitted: sharedFits,
    trainables(shape) {
      const [small] = sides(shape);
      return Math.ceil(small / rank) * (rank + small);
    },
  }),
});

/** The smaller and the larger extent. */
function sides([inputs, outputs]: readonly [number, number]): readonly [number, number] {
  return [Math.min(inputs, outputs), Math.max(inputs, outputs)];
}

/** Uniform numbers, divided by their deviation. */
function balanced(random: Random, size: number): Float32Array {
  const values = random.fillUniform(new Float32Array(size), -1, 1);
  const mean = values.reduce((sum, x) => sum + x, 0) / size;
  const square = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / size;
  const deviation = Math.sqrt(square) || 1;
  return values.map((x) => x / deviation);
}

/** Whether A is at the inputs, as where both sides are as large. */
function isNarrow<M>(a: Algebra<M>, { base }: Tensors<M>): boolean {
  return a.rows(base!) <= a.cols(base!);
}

/** [A A …], d×Nr, and which of the N blocks a column is in, N×Nr. */
function blocks<M>(a: Algebra<M>, t: Tensors<M>): { tiled: M; member: M } {
  const [count, rank] = [a.rows(t.lambda!), a.cols(t.lambda!)];
  const member = new Float32Array(count * count * rank);
  for (let k = 0; k < count * rank; k++) member[Math.floor(k / rank) * count * rank + k] = 1;
  const own = leadingRows(a, t.a!, a.cols(t.gamma!));
  return {
    tiled: a.hstack(Array.from({ length: count }, () => own)),
    member: a.from(member, count, count * rank),
  };
}

/** The factor at the smaller side: blocks Γⱼ Aᵀ Λⱼ side by side. */
function narrowFactor<M>(a: Algebra<M>, t: Tensors<M>): M {
  const { tiled, member } = blocks(a, t);
  const gamma = a.multiply(t.gamma!, member, { transposeLeft: true });
  return a.hadamard(a.hadamard(tiled, gamma), lambdaRow(a, t));
}

function lambdaRow<M>(a: Algebra<M>, { lambda }: Tensors<M>): M {
  return a.reshape(lambda!, 1, a.rows(lambda!) * a.cols(lambda!));
}

function randomFactors<M>(a: Algebra<M>, t: Tensors<M>): LowRank<M> {
  const narrow = narrowFactor(a, t);
  const s = scaledBy(a, t.scale!, a.identity(a.cols(narrow)));
  const wide = wideFactor(a, t);
  return isNarrow(a, t) ? { u: narrow, s, v: wide } : { u: wide, s, v: narrow };
}

/** The factor at the larger side: of the base as many rows and blocks as the layer has. */
function wideFactor<M>(a: Algebra<M>, t: Tensors<M>): M {
  const rows = leadingRows(a, t.b!, Math.max(a.rows(t.base!), a.cols(t.base!)));
  return leadingColumns(a, rows, a.rows(t.lambda!) * a.cols(t.lambda!));
}

function randloraFlows<M>(
  a: Algebra<M>,
  t: Tensors<M>,
  { field, factors }: AdapterEvidence<M>,
): Tensors<M> {
  const { tiled, member } = blocks(a, t);
  const raw = isNarrow(a, t) ? field.times(factors!.v) : field.adjointTimes(factors!.u);
  const flow = a.hadamard(scaledBy(a, t.scale!, raw), tiled);
  const gamma = a.multiply(t.gamma!, member, { transposeLeft: true });
  const lambda = columnSums(a, a.hadamard(flow, gamma));
  const weighted = a.hadamard(flow, lambdaRow(a, t));
  return {
    lambda: a.reshape(lambda, a.rows(t.lambda!), a.cols(t.lambda!)),
    gamma: a.multiply(member, weighted, { transposeRight: true }),
  };
}
