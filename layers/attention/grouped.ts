/**
 * Attention whose queries have a head each, and keys and values one for each group of them.
 *
 * @module
 */

import { type Layer, type Pass, type Tensor, tunable } from "../../core/mod.ts";
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
  const sizes = [heads, groups, groups].map((n) => n * headSize);
  const input = o.joined && !scores ? joinedMaps(map, sizes) : severalMaps(map, sizes);
  const output = linear({
    ...common,
    ...(o.output ? { initialiser: o.output } : {}),
    name: `${name}.output`,
    inputs: heads * headSize,
    outputs: width,
    bias: o.outputBias ?? bias,
  });
  return scaledAttention(o, {
    weights: [...input.weights, ...output.weights],
    groups,
    size: headSize,
    valueSize: headSize,
    scale: 1 / Math.sqrt(headSize),
    ...(input.maps ? scores?.(input.maps) : {}),
    project: input.project,
    back: (pass, z) => output.forward(pass, z),
  });
}

/** Makes a map to that many entries. */
type MakeMap = (part: string, outputs: number) => Layer;

function severalMaps(map: MakeMap, sizes: readonly number[]) {
  const [query, key, value] = ["query", "key", "value"].map((part, i) => map(part, sizes[i]!));
  return {
    weights: [query!, key!, value!].flatMap(({ weights }) => [...weights]),
    maps: { query: query!, key: key! },
    project: (pass: Pass, x: Tensor) => ({
      q: query!.forward(pass, x),
      k: key!.forward(pass, x),
      v: value!.forward(pass, x),
    }),
  };
}

/** One map whose outputs are queries, keys and values side by side. */
function joinedMaps(map: MakeMap, sizes: readonly number[]) {
  const [q, k, v] = sizes as [number, number, number];
  const all = map("joined", q + k + v);
  return {
    weights: all.weights,
    maps: undefined,
    project(pass: Pass, x: Tensor) {
      const y = all.forward(pass, x);
      const part = (from: number, size: number) =>
        pass.engine.slice(y, [0, from], [y.shape[0]!, size]);
      return { q: part(0, q), k: part(q, k), v: part(q + k, v) };
    },
  };
}
