/**
 * How networks of operators respect collision invariants.
 *
 * @module
 */

import { Registry, type Tunable, tunable } from "../../core/mod.ts";
import type { Engine, Tensor } from "../../core/mod.ts";
import { complement, type FunctionSpace, orthonormalBehind } from "./function_space.ts";

/** A way to respect invariants: by what the functions of the trunk become, or by a penalty. */
export interface Conservation extends Tunable<Conservation> {
  /** Whether a number is added to all outputs; default false. */
  readonly bias?: boolean;
  /**
   * The functions that outputs are made of, as a differentiable function of those of the trunk;
   * absent: these.
   *
   * @param trunk Functions in the coordinates of the space, nodes × p.
   * @returns nodes × p; where it is orthogonal to the invariants, outputs conserve them.
   */
  basis?<M>(space: FunctionSpace<M>, trunk: M): M;
  /** What is added to the loss in training, a scalar; absent: nothing. */
  penalty?(engine: Engine, space: FunctionSpace<Tensor>, trunk: Tensor): Tensor;
}

/**
 * Ways to respect invariants by name.
 *
 * @example One that respects them to round-off
 * ```ts
 * import { conservations } from "@rankflow/rankflow/layers";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(typeof conservations.get("hard-special").basis, "function");
 * ```
 */
export const conservations: Registry<Conservation> = new Registry("conservation");

conservations.add({
  name: "plain",
  description: "no invariant is asked for",
});

conservations.add({
  name: "bias",
  description: "no invariant is asked for, and a number is added to all outputs",
  bias: true,
});

tunable(conservations, {
  name: "soft",
  description: "a penalty on integrals of invariants and trunk functions with one another",
  defaults: { weight: 0.1 },
  limits: { weight: { above: 0, description: "factor of their mean absolute value" } },
  make: ({ weight }) => ({
    penalty(engine, { algebra, invariants }, trunk) {
      const all = algebra.hstack([invariants, trunk]);
      const n = algebra.cols(all);
      const products = algebra.multiply(all, all, { transposeLeft: true });
      const size = engine.add(
        engine.activate(products, "relu"),
        engine.activate(engine.scale(-1, products), "relu"),
      );
      const others = Float32Array.from({ length: n * n }, (_, k) => k % (n + 1) === 0 ? 0 : 1);
      const sum = engine.sum(engine.mul(size, engine.tensor(others, [n, n])));
      return engine.scale(weight / (n * (n - 1)), sum);
    },
  }),
});

conservations.add({
  name: "hard-gram",
  description: "trunk functions made orthonormal behind the invariants, by Gram-Schmidt",
  basis: (space, trunk) => orthonormalBehind(space, space.invariants, trunk),
});

conservations.add({
  name: "hard-special",
  description: "trunk functions without their parts along the invariants",
  basis: ({ algebra, invariants }, trunk) => complement(algebra, invariants, trunk),
});
