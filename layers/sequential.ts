/**
 * Layers one after another.
 *
 * @module
 */

import { type Layer, linearised, type Pass } from "../core/mod.ts";

/**
 * Chains layers.
 *
 * @param layers Applied in this order.
 * @throws {RangeError} When two weights share a name.
 *
 * @example Two maps
 * ```ts
 * import { linear, sequential } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const first = linear({ name: "first", inputs: 2, outputs: 4, activation: "relu" });
 * const network = sequential([first, linear({ name: "last", inputs: 4, outputs: 1 })]);
 * assertEquals(network.weights.length, 4);
 * ```
 */
export function sequential(layers: readonly Layer[]): Layer {
  const weights = layers.flatMap((layer) => layer.weights);
  const names = weights.map((w) => w.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new RangeError(`Cannot chain layers: the weight name "${twice}" is used twice`);
  }
  const wanting = layers.filter((layer) => layer.penalty);
  return {
    weights,
    ...(wanting.length > 0 && {
      penalty: (pass: Pass) =>
        wanting.map((layer) => layer.penalty!(pass)).reduce((a, b) => pass.engine.add(a, b)),
    }),
    forward: (pass, x) => layers.reduce((y, layer) => layer.forward(pass, y), x),
    linearise(pass, x) {
      const links: ReturnType<typeof linearised>[] = [];
      for (const layer of layers) links.push(linearised(layer, pass, links.at(-1)?.y ?? x));
      return {
        y: links.at(-1)?.y ?? x,
        pullback: (cotangent) => links.reduceRight((c, link) => link.pullback(c), cotangent),
      };
    },
  };
}
