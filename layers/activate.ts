/**
 * Activations by themselves, and their derivatives.
 *
 * @module
 */

import type { Activation, Engine, Layer, Tensor } from "../core/mod.ts";

/**
 * An activation by itself, where no layer before it can fuse it.
 *
 * @example Between two maps
 * ```ts
 * import { activate, linear, sequential } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const hidden = linear({ name: "hidden", inputs: 2, outputs: 4 });
 * const last = linear({ name: "last", inputs: 4, outputs: 1, bias: false });
 * const network = sequential([hidden, activate("tanh"), last]);
 * assertEquals(network.weights.map((w) => w.name), ["hidden.weight", "hidden.bias", "last.weight"]);
 * ```
 */
export function activate(activation: Activation): Layer {
  return {
    weights: [],
    forward: (pass, x) => pass.engine.activate(x, activation),
    linearise({ engine }, x) {
      const y = engine.activate(x, activation);
      const slope = activationSlope(engine, activation, x, y);
      return { y, pullback: (c) => slope ? engine.mul(c, slope) : c };
    },
  };
}

/**
 * act′(x) as a function that may be differentiated again; undefined for the identity.
 *
 * @param y act(x).
 * @throws {RangeError} When the activation has no second derivative.
 */
export function activationSlope(
  engine: Engine,
  activation: Activation,
  x: Tensor,
  y: Tensor,
): Tensor | undefined {
  const oneMinus = (t: Tensor): Tensor => engine.sub(engine.fill(t.shape, 1), t);
  switch (activation) {
    case "identity":
      return undefined;
    case "tanh":
      return oneMinus(engine.square(y));
    case "sigmoid":
      return engine.mul(y, oneMinus(y));
    case "softplus":
      return engine.activate(x, "sigmoid");
    default:
      throw new RangeError(
        `Cannot differentiate a layer in its input: expected a smooth activation, ` +
          `got "${activation}"`,
      );
  }
}
