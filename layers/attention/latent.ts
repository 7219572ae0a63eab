/**
 * Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434), with rotary positions in the latent.
 *
 * Queries come from a latent of their own, keys and values of all heads from one that they share:
 * q_i = x W_DQ W_UQ,i, k_i = c W_UK,i and v_i = c W_UV,i with c = x W_DKV. Scores are those of
 * q_i W_UK,iᵀ with c itself: keys are never formed, and c is all that is kept of a token. Rotary
 * positions turn c and q_i W_UK,iᵀ, so that no part of the heads needs to be set aside for them.
 *
 * @module
 */

import { type Pass, type Tensor, tunable } from "../../core/mod.ts";
import { orthonormal } from "../initialisers.ts";
import { linear } from "../linear.ts";
import { scaledAttention } from "./scaled.ts";
import {
  type AttentionKind,
  type AttentionLayer,
  type AttentionLayerOptions,
  attentions,
} from "./types.ts";

/** Latents of queries, and of keys and values. */
interface LatentSettings {
  readonly [key: string]: number;
  readonly query: number;
  readonly key: number;
}

/** Attention whose keys and values come from a shared latent. */
export const multiHeadLatent: AttentionKind = tunable(attentions, {
  name: "mla",
  description: "multi-head latent: keys and values of all heads from one short vector",
  defaults: { query: 32, key: 32 },
  limits: {
    query: { integer: true, min: 1, description: "entries of the latent of queries" },
    key: {
      integer: true,
      min: 1,
      description: "entries of that of keys and values: the cache; even with rotary positions",
    },
  },
  make: (settings) => ({ create: (o) => latentLayer(o, settings) }),
});

function latentLayer(o: AttentionLayerOptions, s: LatentSettings): AttentionLayer {
  const { name, width, heads, headSize = width / heads } = o;
  const inner = heads * headSize;
  const maps = mapsOf(o, s, inner);
  return scaledAttention(o, {
    weights: Object.values(maps).flatMap((map) => [...map.weights]),
    groups: 1,
    size: s.key,
    valueSize: s.key,
    scale: 1 / Math.sqrt(headSize),
    shared: true,
    project(pass, x) {
      const q = maps.queryUp.forward(pass, maps.queryDown.forward(pass, x));
      const up = headsOf(pass, whole(pass, `${name}.keyUp.weight`, s.key), [s.key, heads]);
      return {
        q: byHead(pass, q, [heads, headSize], up, true),
        k: maps.down.forward(pass, x),
      };
    },
    back(pass, z) {
      const up = headsOf(pass, whole(pass, `${name}.valueUp.weight`, s.key), [s.key, heads]);
      return maps.output.forward(pass, byHead(pass, z, [heads, s.key], up, false));
    },
  });
}

function mapsOf(o: AttentionLayerOptions, s: LatentSettings, inner: number) {
  const { name, width, bias = false } = o;
  const initialiser = o.initialiser ? { initialiser: o.initialiser } : {};
  const common = { ...o.matrices, ...initialiser, bias: false };
  const down = { ...common, initialiser: orthonormal, inputs: width };
  return {
    queryDown: linear({ ...down, name: `${name}.queryDown`, outputs: s.query }),
    queryUp: linear({ ...common, name: `${name}.queryUp`, inputs: s.query, outputs: inner, bias }),
    down: linear({ ...down, name: `${name}.down`, outputs: s.key }),
    keyUp: linear({ ...common, name: `${name}.keyUp`, inputs: s.key, outputs: inner }),
    valueUp: linear({ ...common, name: `${name}.valueUp`, inputs: s.key, outputs: inner }),
    output: linear({
      ...common,
      ...(o.output ? { initialiser: o.output } : {}),
      name: `${name}.output`,
      inputs: inner,
      outputs: width,
      bias: o.outputBias ?? bias,
    }),
  };
}

/** A short map of any format as a matrix: what it makes of unit vectors. */
function whole(pass: Pass, weight: string, rows: number): Tensor {
  const ids = pass.engine.tensor(Int32Array.from({ length: rows }, (_, i) => i), [rows]);
  return pass.lookup(weight, ids);
}

/** A map to heads × entries as h×rows×e. */
function headsOf(pass: Pass, w: Tensor, [rows, heads]: readonly [number, number]): Tensor {
  const { engine } = pass;
  return engine.permute(engine.reshape(w, [rows, heads, w.shape[1]! / heads]), [1, 0, 2]);
}

/** Rows of heads × entries, each head times its own matrix, or its transpose. */
function byHead(
  { engine }: Pass,
  x: Tensor,
  [heads, size]: readonly [number, number],
  matrices: Tensor,
  transposeRight: boolean,
): Tensor {
  const rows = x.shape[0]!;
  const apart = engine.permute(engine.reshape(x, [rows, heads, size]), [1, 0, 2]);
  const y = engine.batchMatMul(apart, matrices, { transposeRight });
  return engine.reshape(engine.permute(y, [1, 0, 2]), [rows, heads * y.shape[2]!]);
}
