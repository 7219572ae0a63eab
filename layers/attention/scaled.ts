/**
 * What all kinds of attention share: from queries, keys and values to what tokens see.
 *
 * @module
 */

import type { Engine, Pass, Tensor, WeightSpec } from "../../core/mod.ts";
import { checkPositive } from "../geometry.ts";
import { rotaryTurn } from "../rotary.ts";
import type { AttentionLayer, AttentionLayerOptions } from "./types.ts";

/** Queries, keys and values of tokens as rows: heads side by side. */
export interface Projected {
  /** (B·T)×(h e). */
  readonly q: Tensor;
  /** (B·T)×(g e). */
  readonly k: Tensor;
  /** (B·T)×(g e′); undefined where the keys, before they are turned, are the values, too. */
  readonly v?: Tensor;
}

/** What a kind makes of its options. */
export interface Projections {
  /** The weights. */
  readonly weights: readonly WeightSpec[];
  /** Heads of keys and values, g: a divisor of h. */
  readonly groups: number;
  /** Entries of queries and keys, e. */
  readonly size: number;
  /** Entries of values, e′. */
  readonly valueSize: number;
  /** What scores are multiplied with. */
  readonly scale: number;
  /** Whether keys are the values, too. */
  readonly shared?: boolean;
  /**
   * What is added to the scores, B×h×T×T; default: nothing.
   *
   * @param q B×h×T×e.
   * @param k B×g×T×e.
   */
  bias?(pass: Pass, q: Tensor, k: Tensor): Tensor;
  /** To queries, keys and values. */
  project(pass: Pass, x: Tensor): Projected;
  /**
   * Back to tokens.
   *
   * @param z (B·T)×(h e′).
   */
  back(pass: Pass, z: Tensor): Tensor;
}

/** Attention of any kind: softmax(c Q Kᵀ) V for each head. */
export function scaledAttention(o: AttentionLayerOptions, p: Projections): AttentionLayer {
  const { name, heads, causal = false, rotary } = o;
  checkPositive(name, { width: o.width, heads, groups: p.groups });
  if (heads % p.groups !== 0) {
    throw new RangeError(
      `Cannot make layer "${name}": groups must divide the ${heads} heads, got ${p.groups}`,
    );
  }
  const turn = rotary ? rotaryTurn(p.size, rotary) : (_: Engine, x: Tensor) => x;
  return {
    weights: p.weights,
    kept: p.groups * (p.shared ? p.size : p.size + p.valueSize),
    forward(pass, x, { batch, tokens, mask, memory }) {
      const { engine } = pass;
      const past = memory?.length ?? 0;
      const { q, k, v } = p.project(pass, x);
      const kept = (what: string, fresh: Tensor): Tensor =>
        memory ? memory.append(`${name}.${what}`, fresh) : fresh;
      const split = (rows: Tensor, count: number): Tensor =>
        splitHeads(engine, rows, [batch, tokens, count]);
      const queries = turn(engine, split(q, heads), past);
      // A latent that is the value, too, is kept as it is and turned when it is read.
      const latent = v ? undefined : kept("latent", split(k, p.groups));
      const keys = latent
        ? turn(engine, latent, 0)
        : kept("keys", turn(engine, split(k, p.groups), past));
      const values = latent ?? kept("values", split(v!, p.groups));
      const bias = p.bias?.(pass, queries, keys);
      const options = {
        ...{ scale: p.scale, causal },
        ...(mask ? { mask } : {}),
        ...(bias ? { bias } : {}),
      };
      return p.back(pass, joinHeads(engine, engine.attention(queries, keys, values, options)));
    },
  };
}

/** Rows with heads side by side as B×heads×T×entries. */
export function splitHeads(
  engine: Engine,
  rows: Tensor,
  [batch, tokens, heads]: readonly [number, number, number],
): Tensor {
  const size = rows.size / (batch * tokens * heads);
  if (heads === 1) return engine.reshape(rows, [batch, 1, tokens, size]);
  return engine.permute(engine.reshape(rows, [batch, tokens, heads, size]), [0, 2, 1, 3]);
}

/** The way back. */
function joinHeads(engine: Engine, x: Tensor): Tensor {
  const [batch, heads, tokens, size] = x.shape as [number, number, number, number];
  const ordered = heads === 1 ? x : engine.permute(x, [0, 2, 1, 3]);
  return engine.reshape(ordered, [batch * tokens, heads * size]);
}
