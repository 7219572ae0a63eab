import { tunable, type Tuned } from "../tunable.ts";
import type { Algebra } from "../algebra/mod.ts";
import type { Adapter, Attached } from "./adapter.ts";
import { Random } from "../random.ts";
import { nuclearNorm } from "../regularizers/mod.ts";
import { adapters } from "./registry.ts";

/** Settings of {@linkcode sara}. */
export type SaraSettings = {
  /** Entries below this train. */
  threshold: number;
  /** Share of the run after which entries that have grown past it freeze; 0: never. */
  again: number;
  /** Weight λ of the nuclear norm of what trains. */
  nuclear: number;
  /** Adapted matrices of the network: each step the term of one of them, in the mean. */
  matrices: number;
};

/**
 * The entries of W₀ with |w| below a threshold train, all others stand still (Hu et al., "SaRA:
 * High-Efficient Diffusion Model Fine-tuning with Progressive Sparse Low-Rank Adaptation", arXiv
 * 2409.06633). Once in a run the entries that have grown past the threshold freeze where they are, and
 * the optimizer begins anew.
 *
 * λ times the nuclear norm of what trains joins the loss, but not the loss that is reported. It was
 * published with λ = 5e-4 for one matrix a step, drawn at random; here each matrix has it with odds of
 * one in as many as there are, for an SVD of its size.
 *
 * Entries are held in full beside their mask, so that products stay dense.
 */
export const sara: Tuned<Adapter, SaraSettings> = tunable(adapters, {
  name: "sara",
  description: "the entries of the weight that are nearly zero",
  defaults: { threshold: 2e-3, again: 0.5, nuclear: 0, matrices: 1 },
  limits: {
    threshold: { above: 0, description: "entries with |w| below it train" },
    again: { min: 0, max: 1, description: "share of the run after which they are chosen again" },
    nuclear: { min: 0, description: "weight λ of the nuclear norm of what trains" },
    matrices: { integer: true, min: 1, description: "adapted matrices of the network" },
  },
  make: ({ threshold, again, nuclear, matrices }) => ({
    async attach(a, w, { random }) {
      const whole = { base: a.zerosLike(w), trained: { values: w }, frozen: {} };
      const at = await selected(a, whole, threshold);
      if (nuclear === 0) return at;
      return {
        ...at,
        numbers: { ...at.numbers, count: 0, seed: random.fork("nuclear").integer(2 ** 31) },
      };
    },
    increment: (a, t) => a.hadamard(t.values!, t.mask!),
    flows(a, t, { whole }) {
      const flow = a.hadamard(whole(), t.mask!);
      return { values: t.pull ? a.lincomb(1, flow, 1, t.pull) : flow };
    },
    async open(a, at) {
      if (nuclear === 0) return { at };
      const { count, seed } = at.numbers!;
      if (new Random(seed!).fork(count!).integer(matrices) > 0) return { at };
      const { mask } = at.frozen;
      const { gradient } = (await nuclearNorm.term!(a, a.hadamard(at.trained.values!, mask!), {}))!;
      const pull = a.scale(-nuclear, a.hadamard(gradient!, mask!));
      return { at: { ...at, frozen: { ...at.frozen, pull } } };
    },
    async settle(a, { before, after: moved, moment: { count } }) {
      const { numbers } = before;
      const counted = numbers?.count === undefined
        ? numbers
        : { ...numbers, count: numbers.count + 1 };
      const after = { ...moved, frozen: before.frozen, ...(counted ? { numbers: counted } : {}) };
      const isDue = count && again > 0 && count.done + 1 === Math.round(again * count.all);
      if (!isDue) return { at: after };
      return { at: await selected(a, after, threshold), moments: undefined };
    },
    fitted: (shapes) => ({ matrices: shapes.length }),
    trainables: ([inputs, outputs]) => inputs * outputs,
  }),
});

/** The entries of `values` below the threshold as those that train; all others go to the base. */
async function selected<M>(
  a: Algebra<M>,
  { base, trained, frozen, numbers }: Attached<M>,
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
    numbers: { ...numbers, trained: chosen.reduce((n, x) => n + x, 0) },
  };
}
