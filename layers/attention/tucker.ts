/**
 * Tucker attention (Klein, Kusch, Sager, Schnake, Schotthöfer, arXiv 2603.30033).
 *
 * The products W_i = W_i^Q W_i^Kᵀ of all heads are one tensor head × query × key, and those of
 * values and outputs another, head × output × value; both in Tucker format:
 *
 *   q̂_i = (x U₂) Tc_i,  k = x U₃,  v = x Ũ₃,  z_i = attention(q̂_i, k, v),  y = Σ_i z_i T̃c_iᵀ Ũ₂ᵀ
 *
 * with Tc = C ×₁ U₁. All heads see the same keys and values, so that this is multi-query attention
 * with heads of r₃ entries. `name.query` is C with the bases of queries and heads, a tensor
 * query × head × r₃; `name.key` is U₃; `name.value` and `name.output` are the same for Ũ₃ and C̃.
 *
 * Rotary positions turn pairs of the r₃ entries: there the function depends on U₃ itself, not only on
 * its span. So U₃ is a map of its own, whose columns stay, and what its bases are within a format is
 * the format's own matter: the turn between them and the pairs is carried by the rest of the factors.
 *
 * @module
 */

import { tunable } from "../../core/mod.ts";
import { linear } from "../linear.ts";
import { kaimingNormal, normalOf, orthonormal } from "../initialisers.ts";
import { biasSpec, weightSpec } from "../weights.ts";
import { scaledAttention } from "./scaled.ts";
import {
  type AttentionKind,
  type AttentionLayer,
  type AttentionLayerOptions,
  attentions,
} from "./types.ts";

/** Settings of Tucker attention. */
interface TuckerSettings {
  readonly [key: string]: number | boolean | string;
  readonly heads: number;
  readonly query: number;
  readonly key: number;
  readonly shared: boolean;
  readonly adaptive: boolean;
  readonly format: string;
}

const rank = (description: string) => ({ integer: true, min: 1, description });

/** Attention whose tensors over heads are in Tucker format. */
export const tuckerAttention: AttentionKind = tunable(attentions, {
  name: "tucker",
  description: "tensors over heads in Tucker format; all heads share latent keys and values",
  defaults: {
    heads: 4,
    query: 64,
    key: 32,
    shared: false,
    adaptive: false,
    format: "tucker-tensor",
  },
  limits: {
    heads: rank("rank of the heads, at the start"),
    query: rank("rank of queries and outputs, at the start"),
    key: rank("entries of keys and values: the cache; even with rotary positions"),
    shared: { description: "whether keys are the values, too: half the cache" },
    adaptive: { description: "whether integrators change the ranks of the tensors over heads" },
    format: { description: "format of the tensors over heads" },
  },
  make: (settings) => ({ create: (o) => tuckerLayer(o, settings) }),
});

function tuckerLayer(o: AttentionLayerOptions, s: TuckerSettings): AttentionLayer {
  const { name, width, heads, headSize = width / heads, bias = false } = o;
  const outputBias = o.outputBias ?? bias;
  const { query, output } = tensorsOf(o, s, headSize);
  const latent = (part: string) =>
    linear({
      ...o.matrices,
      initialiser: orthonormal,
      name: `${name}.${part}`,
      inputs: width,
      outputs: s.key,
      bias: false,
    });
  const key = latent("key");
  const value = s.shared ? undefined : latent("value");
  const queryBias = bias ? [biasSpec(`${name}.query`, heads * s.key)] : [];
  const ownBias = outputBias ? [biasSpec(`${name}.output`, width)] : [];
  return scaledAttention(o, {
    weights: [
      ...[query, ...queryBias],
      ...[...key.weights, ...value?.weights ?? []],
      ...[output, ...ownBias],
    ],
    groups: 1,
    size: s.key,
    valueSize: s.key,
    scale: 1 / Math.sqrt(headSize),
    shared: s.shared,
    project: (pass, x) => ({
      q: pass.linear(query.name, x, queryBias[0]?.name ?? null, "identity"),
      k: key.forward(pass, x),
      ...(value ? { v: value.forward(pass, x) } : {}),
    }),
    back: (pass, z) =>
      pass.linear(output.name, z, ownBias[0]?.name ?? null, "identity", { transpose: true }),
  });
}

/**
 * The two tensors, query × head × key and output × head × value. They start with the norm of the
 * products of matrices that start as the options say: ‖C‖² = h d² e σ² σ̃².
 */
function tensorsOf(o: AttentionLayerOptions, s: TuckerSettings, headSize: number) {
  const { name, width, heads, initialiser = kaimingNormal } = o;
  const shape = [width, heads, s.key];
  const variance = (of: typeof initialiser): number => of.variance([width, width]);
  const start = (first: typeof initialiser, second: typeof initialiser) =>
    normalOf(Math.sqrt(width * headSize * variance(first) * variance(second) / s.key));
  const tensor = (part: string, initial: typeof initialiser) => ({
    ...weightSpec(`${name}.${part}.weight`, shape, initial, { format: s.format }),
    ranks: { mode0: s.query, mode1: s.heads, mode2: s.key },
    fixed: !s.adaptive,
  });
  return {
    query: tensor("query", start(initialiser, initialiser)),
    output: tensor("output", start(initialiser, o.output ?? initialiser)),
  };
}
