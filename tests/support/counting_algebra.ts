/** An algebra that remembers the largest matrix that it has made. */

import type { Algebra, Matrix } from "../../core/algebra/mod.ts";

/** An algebra with what it has seen. */
export interface CountingAlgebra {
  /** Computes as the one it wraps. */
  readonly algebra: Algebra<Matrix>;
  /** Elements of the largest matrix among all results so far. */
  largest(): number;
}

/** Wraps an algebra so that every matrix in its results is counted, decompositions included. */
export function countingAlgebra(wrapped: Algebra<Matrix>): CountingAlgebra {
  let largest = 0;
  const count = (result: unknown): void => {
    if (typeof result !== "object" || result === null) return;
    if ("data" in result && "rows" in result) {
      largest = Math.max(largest, (result as Matrix).data.length);
    } else {
      Object.values(result).forEach(count);
    }
  };
  const algebra = new Proxy(wrapped, {
    get(target, key) {
      const member = Reflect.get(target, key);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        const result = Reflect.apply(member, target, args);
        if (!(result instanceof Promise)) return count(result), result;
        return result.then((value) => (count(value), value));
      };
    },
  });
  return { algebra, largest: () => largest };
}
