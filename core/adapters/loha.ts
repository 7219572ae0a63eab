import type { Algebra } from "../algebra/mod.ts";
import { gram } from "../geometry/matrices.ts";
import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter, Tensors } from "./adapter.ts";
import { rankLimits, scalar, scaledBy, uniform } from "./factors.ts";
import { adapters } from "./registry.ts";

/** Settings of {@linkcode loha}. */
export type LohaSettings = {
  /** Columns of the factors. */
  rank: number;
  /** Numerator of the scale. */
  alpha: number;
  /** What kernels of more than a pixel are. */
  kernels: string;
};

/**
 * (α/r) (U₁ V₁ᵀ) ∘ (U₂ V₂ᵀ), of rank up to r² with the numbers of rank 2r (Hyeon-Woo, Ye-Bin, Oh,
 * "FedPara: Low-Rank Hadamard Product", arXiv 2108.06098, as LyCORIS and PEFT start it: U₂ at zero).
 *
 * Kernels are matrices of height·width·in rows, or in CP form U T Vᵀ with an r×r matrix T for every
 * pixel of the window between factors of the channels.
 */
export const loha: Tuned<Adapter, LohaSettings> = tunable(adapters, {
  name: "loha",
  description: "frozen weights plus the element-wise product of two products of factors",
  defaults: { rank: 8, alpha: 8, kernels: "flat" },
  limits: {
    rank: rankLimits,
    alpha: { above: 0, description: "numerator of the scale α/r" },
    kernels: { oneOf: ["flat", "cp"], description: "kernels as matrices, or a core a pixel" },
  },
  make: ({ rank, alpha, kernels }) => ({
    attach(a, w, { random, shape }) {
      const pixels = kernels === "cp" && shape.length === 4 ? shape[0]! * shape[1]! : 1;
      const [inputs, outputs] = [a.rows(w) / pixels, a.cols(w)];
      // Kaiming's bound is that of the extents which a factor is summed over in files.
      const drawn = (name: string, [rows, columns]: readonly [number, number], sum: number) =>
        uniform(a, random.fork(name), [rows, columns], 1 / Math.sqrt(sum));
      const right = pixels > 1 ? outputs : rank;
      const core = (name: string) => drawn(name, [rank, pixels * rank], rank * pixels);
      return Promise.resolve({
        base: w,
        trained: {
          u1: drawn("u1", [inputs, rank], inputs),
          v1: drawn("v1", [outputs, rank], right),
          u2: a.zeros(inputs, rank),
          v2: drawn("v2", [outputs, rank], right),
          ...(pixels > 1 ? { t1: core("t1"), t2: core("t2") } : {}),
        },
        frozen: { scale: scalar(a, alpha / rank) },
        numbers: { rank },
      });
    },
    increment: (a, t) =>
      a.hadamard(product(a, { ...t, u1: scaledBy(a, t.scale!, t.u1!) }, 1), product(a, t, 2)),
    flows(a, t, evidence) {
      const f = scaledBy(a, t.scale!, evidence.whole());
      return {
        ...productFlows(a, t, 1, a.hadamard(f, product(a, t, 2))),
        ...productFlows(a, t, 2, a.hadamard(f, product(a, t, 1))),
      };
    },
    trainables: ([inputs, outputs]) => 2 * rank * (inputs + outputs),
  }),
});

/** U Vᵀ, or U T Vᵀ of all pixels below one another. */
function product<M>(a: Algebra<M>, t: Tensors<M>, i: 1 | 2): M {
  const [u, v] = [t[`u${i}`]!, t[`v${i}`]!];
  const blocks = coresOf(a, t, i).map((core) => core ? a.multiply(u, core) : u);
  return a.vstack(blocks.map((left) => a.multiply(left, v, { transposeRight: true })));
}

/** The r×r matrix of every pixel; one that is undefined where there is none in between. */
function coresOf<M>(a: Algebra<M>, t: Tensors<M>, i: 1 | 2): readonly (M | undefined)[] {
  const core = t[`t${i}`];
  if (core === undefined) return [undefined];
  const rank = a.rows(core);
  const pixels = a.cols(core) / rank;
  return Array.from({ length: pixels }, (_, p) => a.columns(core, p * rank, (p + 1) * rank));
}

/** Flows of the factors of one product along H, that of the product. */
function productFlows<M>(a: Algebra<M>, t: Tensors<M>, i: 1 | 2, h: M): Record<string, M> {
  const [u, v] = [t[`u${i}`]!, t[`v${i}`]!];
  const cores = coresOf(a, t, i);
  if (!cores[0]) return { [`u${i}`]: a.multiply(h, v), [`v${i}`]: gram(a, h, u) };
  const [turned, inputs] = [a.transpose(h), a.rows(u)];
  const sum = (terms: readonly M[]) => terms.reduce((x, y) => a.lincomb(1, x, 1, y));
  // Hᵀ U and Hᵀᵀ V of the rows of each pixel.
  const blocks = cores.map((core, p) => {
    const own = a.columns(turned, p * inputs, (p + 1) * inputs);
    return { core: core!, left: gram(a, own, v), right: a.multiply(own, u) };
  });
  return {
    [`u${i}`]: sum(blocks.map((b) => a.multiply(b.left, b.core, { transposeRight: true }))),
    [`v${i}`]: sum(blocks.map((b) => a.multiply(b.right, b.core))),
    [`t${i}`]: a.hstack(blocks.map((b) => gram(a, u, b.left))),
  };
}
