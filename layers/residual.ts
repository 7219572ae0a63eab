/**
 * Residual connections.
 *
 * @module
 */

import type { Activation, Layer } from "../core/mod.ts";

/**
 * Settings of {@linkcode residual}.
 *
 * @example A shortcut with a weight
 * ```ts
 * import { linear, residual, type ResidualOptions } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const map = (name: string) => linear({ name, inputs: 4, outputs: 2, bias: false });
 * const options: ResidualOptions = { body: map("body"), shortcut: map("short"), activation: "relu" };
 * assertEquals(residual(options).weights.map((w) => w.name), ["body.weight", "short.weight"]);
 * ```
 */
export interface ResidualOptions {
  /** What is added to the input. */
  readonly body: Layer;
  /** What the input goes through on its way past; default: nothing. */
  readonly shortcut?: Layer;
  /** What follows the sum; default "identity". */
  readonly activation?: Activation;
}

/**
 * y = act(shortcut(x) + body(x)).
 *
 * @example A block that adds to its input
 * ```ts
 * import { linear, residual } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const body = linear({ name: "body", inputs: 4, outputs: 4, activation: "tanh" });
 * assertEquals(residual({ body }).weights, body.weights);
 * ```
 */
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
