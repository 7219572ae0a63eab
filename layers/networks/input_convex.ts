import type { Activation, Initialiser, Layer, Linearised, Pass, Tensor } from "../../core/mod.ts";
import { activationSlope } from "../activate.ts";
import { checkPositive } from "../geometry.ts";
import { glorotNormal } from "../initialisers.ts";
import { biasSpec, type WeightOptions, weightSpec } from "../weights.ts";

/** Settings of {@linkcode inputConvex}. */
export interface InputConvexOptions extends WeightOptions {
  /** Number of inputs. */
  readonly inputs: number;
  /** Neurons of each hidden layer. */
  readonly widths: readonly number[];
  /** Convex, smooth and growing; default "softplus". */
  readonly activation?: Activation;
}

/**
 * A function x ↦ y that is convex in its input (Amos, Xu, Kolter: ICML 2017), with its gradient:
 * z₁ = σ(x A₀ + b₀), z_k₊₁ = σ(z_k W_k + x A_k + b_k) and y = z W + x a + b, where no entry of a W is
 * negative. The gradient uses the same weights backwards, d Wᵀ, so both directions have a part in
 * one pass.
 *
 * The W have format "non-negative" unless told otherwise; factors of low rank keep no sign.
 *
 * @returns batch×inputs to batch×1.
 * @throws {RangeError} When a size is not a positive integer.
 */
export function inputConvex(options: InputConvexOptions): Layer {
  const { inputs, widths, activation = "softplus", initialiser = glorotNormal } = options;
  checkPositive("input-convex", Object.fromEntries([inputs, ...widths].map((n, i) => [`${i}`, n])));
  const sizes = [...widths, 1];
  const direct = sizes.map((n, k) =>
    weightSpec(`direct${k}.weight`, [inputs, n], initialiser, options)
  );
  const biases = sizes.map((n, k) => biasSpec(`direct${k}`, n));
  const convex = { format: "non-negative", ...options };
  const through = widths.map((n, k) =>
    weightSpec(`convex${k + 1}.weight`, [n, sizes[k + 1]!], nonNegative(initialiser), convex)
  );
  const run = (pass: Pass, x: Tensor): Linearised => {
    const { engine } = pass;
    const slopes: (Tensor | undefined)[] = [];
    let z: Tensor | undefined;
    for (const [k, weight] of direct.entries()) {
      const fromInput = pass.linear(weight.name, x, biases[k]!.name, "identity");
      const before = z === undefined
        ? fromInput
        : engine.add(fromInput, pass.linear(through[k - 1]!.name, z, null, "identity"));
      z = k === widths.length ? before : engine.activate(before, activation);
      if (k < widths.length) slopes.push(activationSlope(engine, activation, before, z));
    }
    const pullback = (cotangent: Tensor): Tensor => {
      const back = (name: string, c: Tensor): Tensor =>
        pass.linear(name, c, null, "identity", { transpose: true });
      let c = cotangent;
      let gradient = back(direct.at(-1)!.name, c);
      for (let k = widths.length - 1; k >= 0; k--) {
        c = back(through[k]!.name, c);
        const slope = slopes[k];
        c = slope ? engine.mul(c, slope) : c;
        gradient = engine.add(gradient, back(direct[k]!.name, c));
      }
      return gradient;
    };
    return { y: z!, pullback };
  };
  return {
    weights: [...direct, ...biases, ...through],
    forward: (pass, x) => run(pass, x).y,
    linearise: run,
  };
}

/** The absolute values of another start over the root of their number: sums stay of order one. */
function nonNegative(start: Initialiser): Initialiser {
  const draw: Initialiser["draw"] = (random, shape) => {
    const root = Math.sqrt(shape[0]!);
    return start.draw(random, shape).map((value) => Math.abs(value) / root);
  };
  return { ...start, draw };
}
