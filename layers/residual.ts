/**
 * Residual connections.
 *
 * @module
 */

import type { Activation, Layer } from "../core/mod.ts";

/** Settings of {@linkcode residual}. */
export interface ResidualOptions {
  /** What is added to the input. */
  readonly body: Layer;
  /** What the input goes through on its way past; default: nothing. */
  readonly shortcut?: Layer;
  /** What follows the sum; default "identity". */
  readonly activation?: Activation;
}

/** y = act(shortcut(x) + body(x)). */
export function residual({ body, shortcut, activation = "identity" }: ResidualOptions): Layer {
  return {
    weights: [...body.weights, ...shortcut?.weights ?? []],
    forward(pass, x) {
      const past = shortcut ? shortcut.forward(pass, x) : x;
      const sum = pass.engine.add(body.forward(pass, x), past);
      return activation === "identity" ? sum : pass.engine.activate(sum, activation);
    },
  };
}
