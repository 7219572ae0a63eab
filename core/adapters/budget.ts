/**
 * A budget of ranks over a network, spent where entries matter to the loss, as AdaLoRA does
 * (arXiv 2303.10512).
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { SettingLimits } from "../settings.ts";
import type { Moment } from "../training/mod.ts";
import type { Attached, Settling, Tensors } from "./adapter.ts";
import { absolute, columnSums } from "./factors.ts";

/** Settings of a budget. */
export type Budget = {
  /** Triplets of each matrix at the start. */
  rank: number;
  /** Mean triplets of a matrix at the end. */
  target: number;
  /** Steps before the budget begins to fall. */
  before: number;
  /** Steps after it has fallen, in which the selection stays. */
  after: number;
  /** Steps from one selection to the next. */
  every: number;
  /** Memory of sensitivities. */
  beta1: number;
  /** Memory of how they vary. */
  beta2: number;
};

/** Limits of {@linkcode Budget}. */
export const budgetLimits: Readonly<Record<keyof Budget, SettingLimits>> = {
  rank: { integer: true, min: 1 },
  target: { integer: true, min: 0, description: "mean rank of a matrix at the end" },
  before: { integer: true, min: 0, description: "steps before ranks begin to fall" },
  after: { integer: true, min: 0, description: "steps at the end with ranks as they are" },
  every: { integer: true, min: 1, description: "steps between two selections" },
  beta1: { min: 0, below: 1, description: "memory of sensitivities" },
  beta2: { min: 0, below: 1, description: "memory of how they vary" },
};

/**
 * Triplets of the whole network after t steps: those of the start, then a cubic fall to those of the
 * end, which are there `after` steps before the last.
 *
 * @param initial Triplets at the start.
 * @param final Triplets at the end.
 * @throws {RangeError} When the phases take longer than the run.
 */
export function budgetAt(
  t: number,
  all: number,
  [initial, final]: readonly [number, number],
  { before, after }: Pick<Budget, "before" | "after">,
): number {
  const falling = all - before - after;
  if (falling < 1) {
    throw new RangeError(
      `Cannot allocate ranks: expected more steps than the ${before} before and ${after} after, ` +
        `got ${all}`,
    );
  }
  if (t <= before) return initial;
  if (t >= all - after) return final;
  return Math.floor(final + (initial - final) * (1 - (t - before) / falling) ** 3);
}

/**
 * Sensitivities |p ∇p| smoothed over the steps, and how far they vary, for every trained entry; not
 * in the last phase.
 */
export function remembered<M>(
  a: Algebra<M>,
  { before, after, flows, moment }: Settling<M>,
  { beta1, beta2, after: rest }: Budget,
): Tensors<M> {
  const { memory = {} } = before;
  const { count } = moment;
  const isLast = count !== undefined && count.done + 1 >= count.all - rest;
  if (isLast && memory["e.mean"] !== undefined) return memory;
  const out: Record<string, M> = { ...memory };
  for (const [name, flow] of Object.entries(flows)) {
    const now = absolute(a, a.hadamard(after.trained[name]!, flow));
    const [mean, spread] = [memory[`${name}.mean`], memory[`${name}.spread`]];
    const smooth = mean === undefined
      ? a.scale(1 - beta1, now)
      : a.lincomb(beta1, mean, 1 - beta1, now);
    const far = absolute(a, a.lincomb(1, now, -1, smooth));
    out[`${name}.mean`] = smooth;
    out[`${name}.spread`] = spread === undefined
      ? a.scale(1 - beta2, far)
      : a.lincomb(beta2, spread, 1 - beta2, far);
  }
  return out;
}

/** Importance of the triplets of a weight with u, v and e, 1×r. */
export function importance<M>(a: Algebra<M>, { memory, trained }: Attached<M>): M {
  const score = (name: string) => a.hadamard(memory![`${name}.mean`]!, memory![`${name}.spread`]!);
  const mean = (name: string) => a.scale(1 / a.rows(trained[name]!), columnSums(a, score(name)));
  return a.lincomb(1, a.lincomb(1, score("e"), 1, mean("u")), 1, mean("v"));
}

/**
 * Sets entries of e to zero so that the network keeps to its budget; in the last phase those of the
 * last selection. Nothing where the trainer counts no steps.
 */
export async function allocated<M>(
  a: Algebra<M>,
  all: ReadonlyMap<string, Attached<M>>,
  { count }: Moment,
  budget: Budget,
): Promise<ReadonlyMap<string, Attached<M>>> {
  if (!count) return all;
  const t = count.done + 1;
  const last = count.all - budget.after;
  const isDue = t === last || (t > budget.before && t < last && t % budget.every === 0);
  if (t > last) {
    return new Map([...all].map(([name, at]) => [name, masked(a, at, at.memory?.mask)]));
  }
  if (!isDue) return all;
  const ends = [budget.rank * all.size, budget.target * all.size] as const;
  const drop = ends[0] - budgetAt(t, count.all, ends, budget);
  const scores = new Map<string, Float64Array>();
  for (const [name, at] of all) scores.set(name, await a.read(importance(a, at)));
  const sorted = [...scores.values()].flatMap((row) => [...row]).sort((x, y) => x - y);
  const threshold = drop > 0 ? sorted[Math.min(drop, sorted.length) - 1]! : -Infinity;
  return new Map([...all].map(([name, at]) => {
    const kept = scores.get(name)!.map((score) => score > threshold ? 1 : 0);
    const mask = a.from(kept, 1, kept.length);
    const rank = kept.reduce((n, x) => n + x, 0);
    const memory = { ...at.memory, mask };
    return [name, masked(a, { ...at, memory, numbers: { ...at.numbers, rank } }, mask)];
  }));
}

function masked<M>(a: Algebra<M>, at: Attached<M>, mask: M | undefined): Attached<M> {
  if (mask === undefined) return at;
  return { ...at, trained: { ...at.trained, e: a.hadamard(at.trained.e!, mask) } };
}
