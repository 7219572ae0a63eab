import type { Awaitable, FieldAt } from "./types.ts";

/** A function of a matrix, computed once for each. */
export function remembered<M, R>(f: (x: M) => R): (x: M) => R {
  const known = new Map<M, R>();
  return (x) => {
    if (!known.has(x)) known.set(x, f(x));
    return known.get(x)!;
  };
}

/** A field that computes what a basis alone is asked for once, however often it is asked. */
export function remembering<M>(f: FieldAt<M>): FieldAt<M> {
  return {
    times: remembered((v: M): Awaitable<M> => f.times(v)),
    adjointTimes: remembered((u: M): Awaitable<M> => f.adjointTimes(u)),
    galerkin: (u, v) => f.galerkin(u, v),
  };
}
