/**
 * Sums of fields, and fields that are summed over others who hold a part each.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import { contractAlong } from "./tucker.ts";
import type { Awaitable, FieldAt, TuckerFieldAt } from "./types.ts";

/**
 * Σ wᵢ Fᵢ.
 *
 * @param fields One or more.
 * @param weights wᵢ; default 1 each.
 */
export function sumField<M>(
  a: Algebra<M>,
  fields: readonly FieldAt<M>[],
  weights: readonly number[] = fields.map(() => 1),
): FieldAt<M> {
  const sum = async (answer: (f: FieldAt<M>) => Awaitable<M>): Promise<M> =>
    sumOf(a, await inTurn(fields, answer), (part) => part, weights);
  return {
    times: (v) => sum((f) => f.times(v)),
    adjointTimes: (u) => sum((f) => f.adjointTimes(u)),
    galerkin: (u, v) => sum((f) => f.galerkin(u, v)),
  };
}

/** The sum of fields of tensors. What one of them alone knows of a gradient is no gradient of it. */
export function sumTuckerField<M>(
  a: Algebra<M>,
  fields: readonly TuckerFieldAt<M>[],
): TuckerFieldAt<M> {
  return {
    async contract(bases, split) {
      const parts = await inTurn(fields, (f) => f.contract(bases, split));
      const data = sumOf(a, parts, (part) => part.data);
      return { shape: parts[0]!.shape, data };
    },
    async along(mode, others) {
      const parts = await inTurn(fields, (f) => contractAlong(a, f, mode, others));
      return sumOf(a, parts, (part) => part);
    },
  };
}

/**
 * A field of which each of several holders has a part: every projection is summed over them.
 *
 * @param own The part that is held here.
 * @param reduce The sum of a matrix over all holders, who all ask for the same in the same order.
 */
export function reducedField<M>(
  own: FieldAt<M>,
  reduce: (part: M) => Promise<M>,
): FieldAt<M> {
  return {
    times: async (v) => await reduce(await own.times(v)),
    adjointTimes: async (u) => await reduce(await own.adjointTimes(u)),
    galerkin: async (u, v) => await reduce(await own.galerkin(u, v)),
  };
}

/** The same for tensors. */
export function reducedTuckerField<M>(
  a: Algebra<M>,
  own: TuckerFieldAt<M>,
  reduce: (part: M) => Promise<M>,
): TuckerFieldAt<M> {
  return {
    async contract(bases, split) {
      const { shape, data } = await own.contract(bases, split);
      return { shape, data: await reduce(data) };
    },
    along: async (mode, others) => await reduce(await contractAlong(a, own, mode, others)),
    factorGradient(mode) {
      const part = own.factorGradient?.(mode);
      return part === undefined ? undefined : Promise.resolve(part).then(reduce);
    },
  };
}

/**
 * Σ wᵢ f(xᵢ), each term formed when the sum of those before it is there.
 *
 * @throws {RangeError} When there is none.
 */
export function sumOf<T, M>(
  a: Algebra<M>,
  items: readonly T[],
  term: (item: T) => M,
  weights?: readonly number[],
): M {
  requireTerms(items);
  const weight = (i: number): number => weights?.[i] ?? 1;
  const first = term(items[0]!);
  return items.slice(1).reduce(
    (total: M, item, i) => a.lincomb(1, total, weight(i + 1), term(item)),
    weight(0) === 1 ? first : a.scale(weight(0), first),
  );
}

/**
 * Refuses a sum of nothing, whose shape nobody knows.
 *
 * @throws {RangeError} When there is no term.
 */
export function requireTerms(terms: readonly unknown[]): void {
  if (terms.length > 0) return;
  throw new RangeError("Cannot form the field: a sum of one or more terms is needed, got none");
}

/** Answers one after another, so that all who take part in a reduction ask in the same order. */
async function inTurn<F, T>(
  fields: readonly F[],
  answer: (f: F) => Awaitable<T>,
): Promise<Awaited<T>[]> {
  const out: Awaited<T>[] = [];
  for (const f of fields) out.push(await answer(f));
  return out;
}
