/**
 * Attention whose queries have a head each, and keys and values one for each group of them.
 *
 * @module
 */

import { type Layer, tunable } from "../../core/mod.ts";
import { linear } from "../linear.ts";
import { type Projections, scaledAttention } from "./scaled.ts";
import {
  type AttentionKind,
  type AttentionLayer,
  type AttentionLayerOptions,
  attentions,
} from "./types.ts";

/** Keys and values for each head (Vaswani et al., NeurIPS 2017). */
export const multiHead: AttentionKind = attentions.add({
  name: "mha",
  description: "multi-head: keys and values for each head",
  create: (o) => grouped(o, o.heads),
});

/** Heads share keys and values in groups of neighbours (Ainslie et al., arXiv 2305.13245). */
export const groupedQuery: AttentionKind = tunable(attentions, {
  name: "gqa",
  description: "grouped-query: neighbouring heads share keys and values",
  defaults: { groups: 2 },
  limits: { groups: { integer: true, min: 1, description: "heads of keys and values" } },
  make: ({ groups }) => ({ create: (o) => grouped(o, groups) }),
});

/** All heads share keys and values (Shazeer, arXiv 1911.02150). */
export const multiQuery: AttentionKind = attentions.add({
  name: "mqa",
  description: "multi-query: all heads share keys and values",
  create: (o) => grouped(o, 1),
});

/** Maps to queries and to keys. */
export interface ScoreMaps {
  /** Width to heads × entries. */
  readonly query: Layer;
  /** Width to groups × entries. */
  readonly key: Layer;
}

/**
 * Attention whose heads share keys and values in groups.
 *
 * @param scores How scores are made of queries and keys; default: products over √e.
 */
export function grouped(
  o: AttentionLayerOptions,
  groups: number,
  scores?: (maps: ScoreMaps) => Partial<Pick<Projections, "scale" | "bias">>,
): AttentionLayer {
  const { name, width, heads, headSize = width / heads, bias = false } = o;
  const common = { ...o.matrices, ...(o.initialiser ? { initialiser: o.initialiser } : {}) };
  const map = (part: string, outputs: number) =>
    linear({ ...common, name: `${name}.${part}`, inputs: width, outputs, bias });
  const query = map("query", heads * headSize);
  const key = map("key", groups * headSize);
  const value = map("value", groups * headSize);
  const output = linear({
    ...common,
    ...(o.output ? { initialiser: o.output } : {}),
    name: `${name}.output`,
    inputs: heads * headSize,
    outputs: width,
    bias: o.outputBias ?? bias,
  });
  return scaledAttention(o, {
    weights: [query, key, value, output].flatMap((map) => [...map.weights]),
    groups,
    size: headSize,
    valueSize: headSize,
    scale: 1 / Math.sqrt(headSize),
    ...scores?.({ query, key }),
    project: (pass, x) => ({
      q: query.forward(pass, x),
      k: key.forward(pass, x),
      v: value.forward(pass, x),
    }),
    back: (pass, z) => output.forward(pass, z),
  });
}
