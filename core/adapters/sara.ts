import { tunable, type Tuned } from "../tunable.ts";
import type { Algebra } from "../algebra/mod.ts";
import type { Adapter, Attached } from "./adapter.ts";
import { adapters } from "./registry.ts";

/** Settings of {@linkcode sara}. */
export type SaraSettings = {
  /** Entries below this train. */
  threshold: number;
  /** Share of the run after which entries that have grown past it freeze; 0: never. */
  again: number;
};

/**
 * The entries of W₀ with |w| below a threshold train, all others stand still (Hu et al., "SaRA:
 * High-Efficient Diffusion Model Fine-tuning with Progressive Sparse Low-Rank Adaptation", arXiv
 * 2409.06633). Once in a run the entries that have grown past the threshold freeze where they are, and
 * the optimizer begins anew. The nuclear norm that was published with it is not in here.
 *
 * Entries are held in full beside their mask, so that products stay dense.
 */
export const sara: Tuned<Adapter, SaraSettings> = tunable(adapters, {
  name: "sara",
  description: "the entries of the weight that are nearly zero",
  defaults: { threshold: 2e-3, again: 0.5 },
  limits: {
    threshold: { above: 0, description: "entries with |w| below it train" },
    again: { min: 0, max: 1, description: "share of the run after which they are chosen again" },
  },
  make: ({ threshold, again }) => ({
    attach: (a, w) =>
      selected(a, { base: a.zerosLike(w), trained: { values: w }, frozen: {} }, threshold),
    increment: (a, t) => a.hadamard(t.values!, t.mask!),
    flows: (a, t, { whole }) => ({ values: a.hadamard(whole(), t.mask!) }),
    async settle(a, { after, moment: { count } }) {
      const isDue = count && again > 0 && count.done + 1 === Math.round(again * count.all);
      if (!isDue) return { at: after };
      return { at: await selected(a, after, threshold), moments: undefined };
    },
    trainables: ([inputs, outputs]) => inputs * outputs,
  }),
});

/** The entries of `values` below the threshold as those that train; all others go to the base. */
async function selected<M>(
  a: Algebra<M>,
  { base, trained, frozen }: Attached<M>,
  threshold: number,
): Promise<Attached<M>> {
  const held = frozen.mask ? await a.read(frozen.mask) : undefined;
  const values = await a.read(trained.values!);
  const chosen = values.map((v, i) => (held?.[i] ?? 1) !== 0 && Math.abs(v) < threshold ? 1 : 0);
  const [rows, columns] = [a.rows(base), a.cols(base)];
  const mask = a.from(chosen, rows, columns);
  const kept = a.hadamard(trained.values!, mask);
  // In the entries one of both is zero: the sum is exact.
  const rest = a.lincomb(1, trained.values!, -1, kept);
  return {
    base: a.lincomb(1, base, 1, rest),
    trained: { values: kept },
    frozen: { mask },
    numbers: { trained: chosen.reduce((n, x) => n + x, 0) },
  };
}
