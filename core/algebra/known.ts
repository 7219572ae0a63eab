import type { Algebra, Svd } from "./algebra.ts";

/**
 * An algebra with the SVD of one matrix known, for algorithms that ask for it once more.
 *
 * @param x The matrix, which is recognised as the same object.
 * @param svd Its decomposition.
 */
export function withSvd<M>(a: Algebra<M>, x: M, svd: Svd<M>): Algebra<M> {
  return new Proxy(a, {
    get(target, name) {
      if (name === "svd") return (y: M) => y === x ? Promise.resolve(svd) : target.svd(y);
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
