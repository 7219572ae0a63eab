import type { Algebra } from "../algebra/mod.ts";
import { Random } from "../random.ts";
import { tunable, type Tuned } from "../tunable.ts";
import type { LowRank } from "../geometry/mod.ts";
import type { Adapter, Attached, Settled, Tensors } from "./adapter.ts";
import {
  diagonalOf,
  LORA,
  loraLimits,
  type LoraSettings,
  ones,
  pairAdapter,
  pairFlows,
  scaledBy,
} from "./factors.ts";
import { adapters } from "./registry.ts";

/** Settings of {@linkcode dylora}. */
export type DyloraSettings = LoraSettings & {
  /** Seed of the ranks that are drawn. */
  seed: number;
  /** What of the b columns of a step trains. */
  trains: string;
};

/**
 * LoRA by prefixes of its columns, each of which is an adapter (Valipour et al., "DyLoRA:
 * Parameter-Efficient Tuning of Pre-trained Models using Dynamic Search-Free Low-Rank Adaptation",
 * arXiv 2210.07558): a step draws b from 1 to r, the same in all layers, and trains (α/b) U Vᵀ of the
 * first b columns. Between steps all r are there; {@linkcode prefixOf} cuts.
 *
 * In the variant that the paper calls frozen a step trains the b-th column alone, with an optimizer
 * state of its own: the others keep their bits, and so do their moments.
 */
export const dylora: Tuned<Adapter, DyloraSettings> = tunable(adapters, {
  name: "dylora",
  description: "LoRA by prefixes of its columns: every rank up to r can be cut out",
  defaults: { ...LORA, alpha: 16, seed: 0, trains: "prefix" },
  limits: {
    ...loraLimits,
    seed: { integer: true, description: "seed of the ranks that are drawn" },
    trains: {
      oneOf: ["prefix", "column"],
      description: "all b columns of a step, or the b-th alone (frozen)",
    },
  },
  make({ rank, alpha, start, seed, trains }) {
    const pair = pairAdapter({ rank, scale: alpha / rank, start });
    return {
      ...pair,
      async attach(a, w, context) {
        const at = await pair.attach(a, w, context);
        const frozen = { ...at.frozen, mask: ones(a, 1, rank) };
        return { ...at, frozen, numbers: { ...at.numbers, count: 0 } };
      },
      factors: prefixFactors,
      flows(a, t, evidence) {
        const { u, v } = pairFlows(a, t, evidence);
        if (!t.mask) return { u: u!, v: v! };
        return { u: a.hadamard(u!, t.mask), v: a.hadamard(v!, t.mask) };
      },
      open(a, at, moments) {
        const random = new Random(seed).fork("dylora").fork(at.numbers!.count!);
        const b = 1 + random.integer(rank);
        const found = trains === "prefix"
          ? { at: opened(a, at, b) }
          : { at: lastOf(a, at, b), moments: moments?.[b] as Settled<typeof at>["moments"] };
        return Promise.resolve(found);
      },
      settle(a, { before, after, momentsBefore, moments }) {
        const numbers = { ...before.numbers, count: before.numbers!.count! + 1 };
        const b = after.numbers?.column;
        if (b === undefined) {
          return Promise.resolve({ at: { ...after, frozen: before.frozen, numbers } });
        }
        const put = (name: string) => withColumn(a, before.trained[name]!, b, after.trained[name]!);
        const at = { ...before, trained: { u: put("u"), v: put("v") }, numbers };
        return Promise.resolve({ at, moments: moments && { ...momentsBefore, [b]: moments } });
      },
    };
  },
});

/** The factors of an opened weight: under a mask, or the column that trains behind the others. */
function prefixFactors<M>(
  a: Algebra<M>,
  { u, v, left, right, mask, scale }: Tensors<M>,
): LowRank<M> {
  const [all, outputs] = [left ? a.hstack([left, u!]) : u!, right ? a.hstack([right, v!]) : v!];
  const gates = mask ? diagonalOf(a, mask) : a.identity(a.cols(all));
  return { u: all, s: scaledBy(a, scale!, gates), v: outputs };
}

/** The first b columns of a weight, at their scale. */
function opened<M>(a: Algebra<M>, at: Attached<M>, b: number): Attached<M> {
  const rank = a.cols(at.trained.v!);
  const mask = a.from(Float32Array.from({ length: rank }, (_, i) => i < b ? 1 : 0), 1, rank);
  return { ...at, frozen: { ...at.frozen, mask, scale: a.scale(rank / b, at.frozen.scale!) } };
}

/** The b-th column of a weight, those before it frozen, at the scale of a prefix. */
function lastOf<M>(a: Algebra<M>, at: Attached<M>, b: number): Attached<M> {
  const { u, v } = at.trained;
  const scale = a.scale(a.cols(v!) / b, at.frozen.scale!);
  const before: Tensors<M> = b > 1
    ? { left: a.columns(u!, 0, b - 1), right: a.columns(v!, 0, b - 1) }
    : {};
  return {
    base: at.base,
    trained: { u: a.columns(u!, b - 1, b), v: a.columns(v!, b - 1, b) },
    frozen: { scale, ...before },
    numbers: { ...at.numbers, column: b },
  };
}

/** A matrix with another b-th column. */
function withColumn<M>(a: Algebra<M>, x: M, b: number, column: M): M {
  const n = a.cols(x);
  const before = b > 1 ? [a.columns(x, 0, b - 1)] : [];
  const behind = b < n ? [a.columns(x, b, n)] : [];
  return a.hstack([...before, column, ...behind]);
}

/**
 * The first b columns of a DyLoRA weight as a LoRA of rank b: what its training has made of them.
 *
 * @throws {RangeError} When there are fewer.
 */
export function prefixOf<M>(a: Algebra<M>, at: Attached<M>, b: number): Attached<M> {
  const rank = a.cols(at.trained.v!);
  if (!Number.isInteger(b) || b < 1 || b > rank) {
    throw new RangeError(`Cannot cut a prefix: expected a rank from 1 to ${rank}, got ${b}`);
  }
  const { u, v } = at.trained;
  return {
    base: at.base,
    trained: { u: a.columns(u!, 0, b), v: a.columns(v!, 0, b) },
    frozen: { scale: a.scale(rank / b, at.frozen.scale!) },
    numbers: { rank: b },
  };
}
