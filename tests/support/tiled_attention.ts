/** Attention in tiles of any size on a bare heap, without an engine. */

import {
  attentionPieces,
  type AttentionPlaces,
  type AttentionPlan,
} from "../../core/backend/heap/attention.ts";
import {
  attentionBiasGradPiece,
  attentionGradPiece,
  attentionNumbers,
  attentionPiece,
  scratchBytes,
  type TileMember,
} from "../../core/backend/heap/attention_pieces.ts";
import { simdGemm } from "../../core/backend/simd/matmul.ts";
import { attentionShape } from "../../core/backend/tfjs/sequence_checks.ts";
import { BareHeap } from "./bare_heap.ts";
import { type Numbers, sizeOf } from "./random_cases.ts";

/** Operands of an attention. */
export interface AttentionCase {
  readonly q: Numbers;
  readonly k: Numbers;
  readonly v: Numbers;
  /** Upstream gradient. */
  readonly dy: Numbers;
  readonly bias?: Numbers | undefined;
  readonly mask?: Numbers | undefined;
  readonly causal: boolean;
  readonly scale: number;
}

/** The output and the gradients in q, k, v and, where there is one, the bias. */
export function tiled(
  x: AttentionCase,
  tile: readonly [number, number],
  ranges: number,
  fused: boolean,
): Float32Array[] {
  const heap = new BareHeap(64, fused);
  const gemm = simdGemm(heap.simd, (bytes) => heap.allocate(bytes));
  const member: TileMember = { place: 0, simd: heap.simd, gemm };
  const shape = attentionShape(x.q, x.k, x.v);
  const put = (n: Numbers | undefined) => n ? heap.place(n.data) : 0;
  // What is there before must not matter.
  const room = (size: number) => heap.place(new Float32Array(size).fill(NaN));
  const at: AttentionPlaces = {
    ...{ q: put(x.q), k: put(x.k), v: put(x.v), dy: put(x.dy) },
    ...{ mask: put(x.mask), bias: put(x.bias), y: room(sizeOf(x.dy.shape)) },
    ...{ stats: room(2 * sizeOf(x.q.shape.slice(0, 3))), dq: room(x.q.data.length) },
    ...{ dk: room(x.k.data.length * parts()), dv: room(x.v.data.length * parts()) },
  };
  /** Pieces of a group: each has gradients of its own, which are summed here. */
  function parts(): number {
    return shape.heads / shape.groups * ranges;
  }
  const plan: AttentionPlan = {
    ...{ shape, bias: x.bias?.shape, scale: x.scale, causal: x.causal, tile, ranges },
    scratch: room(scratchBytes(...tile) / 4),
  };
  const pieces = attentionPieces(plan, at, true);
  // Pieces are independent: any order will do.
  for (const p of [...pieces].reverse()) attentionPiece(member, attentionNumbers(p));
  for (const p of [...pieces].reverse()) attentionGradPiece(member, attentionNumbers(p));
  const view = (place: number, n: Numbers) => heap.view(place, n.data.length).slice();
  const summed = (place: number, n: Numbers) => {
    const size = sizeOf(n.shape.slice(2));
    return Float32Array.from(n.data, (_, i) => {
      const [group, entry] = [Math.floor(i / size), i % size];
      let sum = 0;
      for (let part = 0; part < parts(); part++) {
        sum += heap.floats[place / 4 + (group * parts() + part) * size + entry]!;
      }
      return sum;
    });
  };
  const outputs = [view(at.y, x.dy), view(at.dq, x.q), summed(at.dk, x.k), summed(at.dv, x.v)];
  if (!x.bias) return outputs;
  const dbias = heap.place(new Float32Array(x.bias.data.length));
  for (const p of pieces) {
    attentionBiasGradPiece(member, attentionNumbers({ ...p, dq: dbias + p.bias - at.bias }));
  }
  return [...outputs, view(dbias, x.bias)];
}
