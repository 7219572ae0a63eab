import type { Algebra } from "../algebra/mod.ts";
import { Random } from "../random.ts";
import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter, Attached } from "./adapter.ts";
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

/**
 * LoRA by prefixes of its columns, each of which is an adapter (Valipour et al., "DyLoRA:
 * Parameter-Efficient Tuning of Pre-trained Models using Dynamic Search-Free Low-Rank Adaptation",
 * arXiv 2210.07558): a step draws b from 1 to r, the same in all layers, and trains (α/b) U Vᵀ of the
 * first b columns. Between steps all r are there; {@linkcode prefixOf} cuts.
 */
export const dylora: Tuned<Adapter, LoraSettings & { seed: number }> = tunable(adapters, {
  name: "dylora",
  description: "LoRA by prefixes of its columns: every rank up to r can be cut out",
  defaults: { ...LORA, alpha: 16, seed: 0 },
  limits: {
    ...loraLimits,
    seed: { integer: true, description: "seed of the ranks that are drawn" },
  },
  make({ rank, alpha, start, seed }) {
    const pair = pairAdapter({ rank, scale: alpha / rank, start });
    return {
      ...pair,
      async attach(a, w, context) {
        const at = await pair.attach(a, w, context);
        const frozen = { ...at.frozen, mask: ones(a, 1, rank) };
        return { ...at, frozen, numbers: { ...at.numbers, count: 0 } };
      },
      factors: (a, t) => ({
        u: t.u!,
        s: scaledBy(a, t.scale!, diagonalOf(a, t.mask!)),
        v: t.v!,
      }),
      flows(a, t, evidence) {
        const { u, v } = pairFlows(a, t, evidence);
        return { u: a.hadamard(u!, t.mask!), v: a.hadamard(v!, t.mask!) };
      },
      open: (a, at) => {
        const random = new Random(seed).fork("dylora").fork(at.numbers!.count!);
        return opened(a, at, 1 + random.integer(rank));
      },
      settle: (_a, { before, after }) => {
        const count = before.numbers!.count! + 1;
        const numbers = { ...before.numbers, count };
        return Promise.resolve({ at: { ...after, frozen: before.frozen, numbers } });
      },
    };
  },
});

/** The first b columns of a weight, at their scale. */
function opened<M>(a: Algebra<M>, at: Attached<M>, b: number): Attached<M> {
  const rank = a.cols(at.trained.v!);
  const mask = a.from(Float32Array.from({ length: rank }, (_, i) => i < b ? 1 : 0), 1, rank);
  return { ...at, frozen: { ...at.frozen, mask, scale: a.scale(rank / b, at.frozen.scale!) } };
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
