/**
 * Attention in tiles on the heap: beside operands and results it holds two numbers a query and the
 * scores of a tile for each thread.
 *
 * @module
 */

import { type Held, KERNEL } from "../tfjs/names.ts";
import { type AttentionShape, attentionShape } from "../tfjs/sequence_checks.ts";
import { runtimeOf, type TensorInfo } from "../tfjs/types.ts";
import { attentionNumbers, type AttentionPiece, scratchBytes } from "./attention_pieces.ts";
import {
  address,
  type Call,
  type HeapContext,
  kernel,
  type Kernels,
  output,
  release,
  sizeOf,
  withScratch,
} from "./context.ts";

/** Kernels of this file. */
export function attentionKernels(c: HeapContext): Kernels {
  return {
    [KERNEL.attention]: kernel((call) => attention(c, call)),
    [KERNEL.attentionGrad]: kernel((call) => attentionGrad(c, call)),
    [KERNEL.attentionBiasGrad]: kernel((call) => attentionBiasGrad(c, call)),
  };
}

/** Queries and keys of a tile. */
export type TileExtents = readonly [number, number];

/** Queries of a tile, at most: more do not make its products faster. */
const TILE_ROWS = 128;
/** Keys of a tile, at most: two tiles of scores are 256 KiB, which second-level caches have. */
const TILE_COLUMNS = 256;

/** Queries from which on half of them are a tile if causal: what no query of it sees is left out. */
const LEAST_HALVED = 64;

/** Extents of tiles that suit a shape. */
function tileFor({ queries, keys }: AttentionShape, causal: boolean): TileExtents {
  const most = causal && queries > LEAST_HALVED ? Math.ceil(queries / 2) : queries;
  return [Math.min(TILE_ROWS, most), Math.min(TILE_COLUMNS, keys)];
}

/** Pieces that threads have to choose from, at least. */
const LEAST_PIECES = 8;

/** How the queries of a head are cut; by the shape alone, so that sums do not depend on threads. */
function rangesOf({ batch, heads, queries }: AttentionShape, [rows]: TileExtents): number {
  const wanted = Math.ceil(LEAST_PIECES / (batch * heads));
  return Math.max(1, Math.min(wanted, Math.floor(queries / rows)));
}

/** Addresses of the operands and results of a call; 0 for what is not there. */
export type AttentionPlaces = Readonly<
  Record<"q" | "k" | "v" | "y" | "stats" | "dy" | "dq" | "dk" | "dv" | "mask" | "bias", number>
>;

/** What a call is beside its operands. */
export interface AttentionPlan {
  /** Extents. */
  readonly shape: AttentionShape;
  /** Shape of the bias, with four axes; undefined without one. */
  readonly bias: readonly number[] | undefined;
  /** What scores are multiplied with. */
  readonly scale: number;
  /** Whether queries see the keys up to their own place only. */
  readonly causal: boolean;
  /** Queries and keys of a tile. */
  readonly tile: TileExtents;
  /** Into how many ranges the queries of a head are cut. */
  readonly ranges: number;
  /** Scratch memory of the members. */
  readonly scratch: number;
}

/** Byte offset of an entry of a tensor that broadcasts, and the bytes along its last two axes. */
function spread(shape: readonly number[] | undefined, [b, h, i]: readonly number[]) {
  if (!shape) return { at: 0, pitch: 0, column: -1 };
  const [batch, heads, queries, keys] = shape as [number, number, number, number];
  const outer = (batch > 1 ? b! : 0) * heads + (heads > 1 ? h! : 0);
  const row = outer * queries + (queries > 1 ? i! : 0);
  return {
    at: 4 * row * keys,
    pitch: queries > 1 ? 4 * keys : 0,
    column: keys > 1 ? 4 : 0,
  };
}

/**
 * The pieces of a call: a range of the queries of a head each, in the order of batch, head, range.
 *
 * @param partial Whether each piece has a dk and a dv of its own; else those of its group.
 */
export function attentionPieces(
  plan: AttentionPlan,
  at: AttentionPlaces,
  partial: boolean,
): AttentionPiece[] {
  const { batch, heads, groups, queries, keys, width, valueWidth } = plan.shape;
  const { ranges, tile } = plan;
  const pieces: AttentionPiece[] = [];
  for (let head = 0; head < batch * heads; head++) {
    const [b, h] = [Math.floor(head / heads), head % heads];
    const group = b * groups + Math.floor(h * groups / heads);
    for (let range = 0; range < ranges; range++) {
      const first = cut(plan, range);
      const row = head * queries + first;
      const bias = spread(plan.bias, [b, h, first]);
      const part = partial ? pieces.length : group;
      const to = (place: number, offset: number) => place === 0 ? 0 : place + 4 * offset;
      pieces.push({
        q: to(at.q, row * width),
        k: to(at.k, group * keys * width),
        v: to(at.v, group * keys * valueWidth),
        y: to(at.y, row * valueWidth),
        stats: to(at.stats, 2 * row),
        dy: to(at.dy, row * valueWidth),
        dq: to(at.dq, row * width),
        dk: to(at.dk, part * keys * width),
        dv: to(at.dv, part * keys * valueWidth),
        mask: to(at.mask, b * keys),
        bias: at.bias + bias.at,
        biasPitch: bias.pitch,
        biasColumn: bias.column,
        scale: plan.scale,
        queries: cut(plan, range + 1) - first,
        keys,
        width,
        valueWidth,
        seen: plan.causal ? first + keys - queries + 1 : keys,
        more: plan.causal ? 1 : 0,
        tileRows: tile[0],
        tileColumns: tile[1],
        scratch: plan.scratch,
        scratchBytes: scratchBytes(...tile),
      });
    }
  }
  return pieces;
}

/**
 * Where a range of queries begins: at a block, so that ranges do not change results, and so that all
 * have about as many scores. Those of the first i queries are i, or offset · i + i²/2 if causal.
 */
function cut({ shape, causal, tile: [rows], ranges }: AttentionPlan, range: number): number {
  const { queries, keys } = shape;
  if (range === ranges) return queries;
  const share = range / ranges;
  const offset = Math.max(0, keys - queries);
  const first = causal
    ? Math.sqrt(offset ** 2 + share * queries * (2 * offset + queries)) - offset
    : share * queries;
  return rows * Math.round(first / rows);
}

/** Products of two numbers in scores and outputs below which waking threads takes longer than they help. */
const SMALL = 2 ** 20;

/** Does the pieces of a call: of a token that follows a text on this thread, else on the whole team. */
export function runTiles(
  team: Pick<HeapContext["team"], "run">,
  { shape }: Pick<AttentionPlan, "shape">,
  job: "attention-tiles" | "attention-grad" | "attention-bias-grad",
  pieces: readonly AttentionPiece[],
): void {
  const { batch, heads, queries, keys, width, valueWidth } = shape;
  const numbers = pieces.map(attentionNumbers);
  const small = batch * heads * queries * keys * (width + valueWidth) < SMALL;
  for (const share of small ? numbers.map((own) => [own]) : [numbers]) team.run(job, share);
}

/** Runs `f` with the plan of a call and where its operands are. */
function planned<T>(
  c: HeapContext,
  { inputs, attrs }: Call,
  f: (plan: AttentionPlan, at: (name: string) => number) => T,
): T {
  const shape = attentionShape(inputs.q!, inputs.k!, inputs.v!);
  const { scale, causal } = attrs as { scale: number; causal: boolean };
  const tile = tileFor(shape, causal);
  return withScratch(c, scratchBytes(...tile) * c.team.threads, (scratch) => {
    const ranges = rangesOf(shape, tile);
    const bias = inputs.bias?.shape;
    return f(
      { shape, bias, scale, causal, tile, ranges, scratch },
      (name) => inputs[name] ? address(c, inputs[name]) : 0,
    );
  });
}

const NOWHERE = { y: 0, stats: 0, dy: 0, dq: 0, dk: 0, dv: 0 } as const;

/** Where the operands are. */
function operandsAt(at: (name: string) => number) {
  return { q: at("q"), k: at("k"), v: at("v"), mask: at("mask"), bias: at("bias") };
}

function attention(c: HeapContext, call: Call): TensorInfo {
  return planned(c, call, (plan, at) => {
    const { batch, heads, queries, valueWidth } = plan.shape;
    const y = output(c, [batch, heads, queries, valueWidth]);
    const stats = output(c, [batch, heads, queries, 2]);
    const places = { ...NOWHERE, ...operandsAt(at), y: address(c, y), stats: address(c, stats) };
    runTiles(c.team, plan, "attention-tiles", attentionPieces(plan, places, false));
    const held = call.attrs.held as Held | undefined;
    if (held) held.stats = c.tf.keep(runtimeOf(c.tf).makeTensorFromTensorInfo(stats));
    else release(c, stats);
    return y;
  });
}

/** Outputs the gradients in q, k and v. */
function attentionGrad(c: HeapContext, call: Call): TensorInfo[] {
  return planned(c, call, (plan, at) => {
    const { q, k, v } = call.inputs as Record<"q" | "k" | "v", TensorInfo>;
    const [dq, dk, dv] = [q, k, v].map((x) => output(c, x.shape)) as Three<TensorInfo>;
    const places = {
      ...operandsAt(at),
      ...{ y: at("y"), stats: at("stats"), dy: at("dy") },
      dq: address(c, dq),
    };
    const { heads, groups } = plan.shape;
    const parts = heads / groups * plan.ranges;
    const [toK, toV] = [address(c, dk), address(c, dv)];
    if (parts === 1) {
      const all = attentionPieces(plan, { ...places, dk: toK, dv: toV }, false);
      runTiles(c.team, plan, "attention-grad", all);
      return [dq, dk, dv];
    }
    const [sizeK, sizeV] = [sizeOf(k.shape), sizeOf(v.shape)];
    withScratch(c, 4 * parts * (sizeK + sizeV), (own) => {
      const partial = { ...places, dk: own, dv: own + 4 * parts * sizeK };
      runTiles(c.team, plan, "attention-grad", attentionPieces(plan, partial, true));
      const count = plan.shape.batch * groups;
      const sums = [[toK, partial.dk, sizeK], [toV, partial.dv, sizeV]] as const;
      const pieces = sums.flatMap(([to, from, size]) =>
        Array.from({ length: count }, (_, i) => {
          const part = size / count;
          return [to + 4 * i * part, from + 4 * i * parts * part, parts, part];
        })
      );
      c.team.run("sum-parts", pieces);
    });
    return [dq, dk, dv];
  });
}

type Three<T> = [T, T, T];

/**
 * The gradient of the bias. Pieces that add to the same entries run one after the other, in the
 * order of batch and head; only what is apart is shared between threads.
 */
function attentionBiasGrad(c: HeapContext, call: Call): TensorInfo {
  return planned(c, call, (plan, at) => {
    const bias = call.inputs.bias!;
    const d = output(c, bias.shape);
    const to = address(c, d);
    c.simd.zero!(to, sizeOf(bias.shape));
    const places = {
      ...NOWHERE,
      ...operandsAt(at),
      ...{ y: at("y"), stats: at("stats"), dy: at("dy") },
    };
    const rounds = new Map<number, AttentionPiece[]>();
    const before = new Map<number, number>();
    for (const piece of attentionPieces(plan, places, false)) {
      const round = before.get(piece.bias) ?? 0;
      before.set(piece.bias, round + 1);
      const work = rounds.get(round) ?? [];
      rounds.set(round, work);
      work.push({ ...piece, dq: to + piece.bias - places.bias });
    }
    for (const work of rounds.values()) runTiles(c.team, plan, "attention-bias-grad", work);
    return d;
  });
}
