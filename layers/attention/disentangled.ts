/**
 * Attention that looks at what tokens say and how far apart they are by products of their own
 * (DeBERTa: He, Liu, Gao, Chen, arXiv 2006.03654; buckets of distances: arXiv 2111.09543).
 *
 * @module
 */

import { checkInteger, type Layer, type Pass, type Tensor } from "../../core/mod.ts";
import { grouped } from "./grouped.ts";
import { splitHeads } from "./scaled.ts";
import type { AttentionKind } from "./types.ts";

/** Distances of tokens as rows of a table. */
export interface Distances {
  /** Rows for each direction, n: the table has 2n. */
  readonly buckets: number;
  /** Distance from which on all are one, M: above n/2 + 1. */
  readonly farthest: number;
}

/** Scores of the content, of a query and a distance, of a distance and a key. */
const TERMS = 3;

/**
 * Row of the distance i − j: near ones have a row each, farther ones share rows on a logarithmic
 * scale.
 *
 * @param distance i − j.
 * @returns 0 … 2n − 1.
 */
export function distanceRow(distance: number, { buckets, farthest }: Distances): number {
  const middle = Math.floor(buckets / 2);
  const size = Math.abs(distance);
  const log = Math.log(size / middle) / Math.log((farthest - 1) / middle) * (middle - 1);
  const bucket = size <= middle ? distance : Math.sign(distance) * (Math.ceil(log) + middle);
  return Math.min(2 * buckets - 1, Math.max(0, bucket + buckets));
}

/**
 * Attention with scores (qᵢ·kⱼ + qᵢ·K r + kⱼ·Q r) / √(3e), r being the vector of the distance of i
 * and j, and K and Q the maps to keys and queries, biases included.
 *
 * @param vectors Vectors of the distances, 2n×width.
 * @throws {RangeError} When there are no buckets, or all of them lie near.
 */
export function disentangled(
  distances: Distances,
  vectors: (pass: Pass) => Tensor,
): AttentionKind {
  const { buckets, farthest } = distances;
  checkInteger("tell distances", "buckets", buckets, { least: 2 });
  checkInteger("tell distances", "farthest", farthest, { least: Math.floor(buckets / 2) + 2 });
  return {
    name: "disentangled",
    description: "multi-head, with scores of distances",
    create(o) {
      const { heads, width, headSize = width / heads } = o;
      const scale = 1 / Math.sqrt(TERMS * headSize);
      return grouped(o, heads, ({ query, key }) => ({
        scale,
        bias(pass, q, k) {
          const { engine } = pass;
          const tokens = q.shape[2]!;
          const far = vectors(pass);
          const along = (x: Tensor, map: Layer, place: (i: number, j: number) => number) => {
            const r = splitHeads(engine, map.forward(pass, far), [1, 2 * buckets, heads]);
            const products = engine.batchMatMul(x, r, { transposeRight: true });
            return picked(pass, products, (i, j) => {
              return place(i, j) * 2 * buckets + distanceRow(i - j, distances);
            });
          };
          const ofQueries = along(q, key, (i) => i);
          const ofKeys = along(k, query, (_, j) => j);
          const sum = engine.lincomb(scale, ofQueries, scale, ofKeys);
          const [batch] = q.shape as [number];
          return engine.permute(engine.reshape(sum, [tokens, tokens, batch, heads]), [2, 3, 0, 1]);
        },
      }));
    },
  };
}

/**
 * For each pair of tokens one of the products of a token with the distances, T×T×(B h).
 *
 * @param products B×h×T×2n.
 * @param row Which of the T·2n it is for the pair.
 */
function picked(
  { engine }: Pass,
  products: Tensor,
  row: (i: number, j: number) => number,
): Tensor {
  const [batch, heads, tokens, rows] = products.shape as [number, number, number, number];
  const table = engine.permute(products, [2, 3, 0, 1]);
  const ids = Int32Array.from(
    { length: tokens ** 2 },
    (_, n) => row(Math.floor(n / tokens), n % tokens),
  );
  const flat = engine.reshape(table, [tokens * rows, batch * heads]);
  return engine.gather(flat, engine.tensor(ids, [tokens, tokens]));
}
