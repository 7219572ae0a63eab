/**
 * The pieces of attention in tiles, with a softmax that sees the keys block by block (M. Milakov and
 * N. Gimelshein, Online normalizer calculation for softmax, 2018; T. Dao et al., FlashAttention,
 * 2022): no thread holds more scores than those of a tile.
 *
 * @module
 */

import { termsName } from "../simd/attention.ts";
import type { Member } from "./member.ts";

/** What of a member computes tiles. */
export type TileMember = Pick<Member, "place" | "simd" | "gemm">;

/** The numbers of {@linkcode AttentionPiece}, in the order in which pieces have them. */
const NAMES = [
  "q",
  "k",
  "v",
  "y",
  "stats",
  "dy",
  "dq",
  "dk",
  "dv",
  "mask",
  "bias",
  "biasPitch",
  "biasColumn",
  "scale",
  "queries",
  "keys",
  "width",
  "valueWidth",
  "seen",
  "more",
  "tileRows",
  "tileColumns",
  "scratch",
  "scratchBytes",
] as const;

/**
 * Some queries of one head: addresses of their rows in q, y, dy, dq and the bias, of all keys and
 * values of the group, and of (m, sum) for each query; 0 for what is not there. `biasPitch` and
 * `biasColumn` are bytes from query to query and from key to key, the latter −1 without a bias. The
 * first query sees `seen` keys, each next one `more` in addition. A member has `scratchBytes` from
 * `scratch` on, behind those of the members before it.
 */
export type AttentionPiece = Readonly<Record<typeof NAMES[number], number>>;

/** A piece as numbers. */
export function attentionNumbers(piece: AttentionPiece): number[] {
  return NAMES.map((name) => piece[name]);
}

function pieceOf(numbers: readonly number[]): AttentionPiece {
  return Object.fromEntries(NAMES.map((name, i) => [name, numbers[i]!])) as AttentionPiece;
}

/** Bytes of scratch memory that a member needs for tiles of so many queries and keys. */
export function scratchBytes(rows: number, columns: number): number {
  return 4 * (2 * rows * columns + rows);
}

/** A tile: queries `row` …, keys `column` …. */
interface Tile {
  readonly row: number;
  readonly rows: number;
  readonly column: number;
  readonly columns: number;
}

/** Calls `f` for each block of queries, with how many keys its last query sees. */
function eachBlock(p: AttentionPiece, f: (row: number, rows: number, seen: number) => void): void {
  for (let row = 0; row < p.queries; row += p.tileRows) {
    const rows = Math.min(p.tileRows, p.queries - row);
    const seen = p.seen + p.more * (row + rows - 1);
    f(row, rows, Math.max(0, Math.min(p.keys, seen)));
  }
}

/** The tiles of a block of queries; those that no query of it sees are left out. */
function tilesOf(p: AttentionPiece, row: number, rows: number, seen: number): Tile[] {
  const tiles: Tile[] = [];
  for (let column = 0; column < seen; column += p.tileColumns) {
    tiles.push({ row, rows, column, columns: Math.min(p.tileColumns, seen - column) });
  }
  return tiles;
}

/** S = Q Kᵀ of a tile, without a gap between its rows. */
function scores({ gemm }: TileMember, p: AttentionPiece, t: Tile, to: number): void {
  const { width } = p;
  const [q, k] = [p.q + 4 * t.row * width, p.k + 4 * t.column * width];
  gemm(false, true, t.rows, t.columns, width, q, width, k, width, to, t.columns, false);
}

/** What a row of a tile needs beside its scores: bias, its pitch, mask, visible keys, their growth. */
function terms(p: AttentionPiece, t: Tile): number[] {
  const bias = p.bias + t.row * p.biasPitch + t.column * Math.max(0, p.biasColumn);
  const mask = p.mask === 0 ? 0 : p.mask + 4 * t.column;
  return [bias, p.biasPitch, mask, p.seen + p.more * t.row - t.column, p.more];
}

/** The output and (m, 1/sum) of some queries. */
export function attentionPiece(member: TileMember, numbers: readonly number[]): void {
  const p = pieceOf(numbers);
  const { simd, gemm, place } = member;
  const softmax = simd[termsName("softmax_tile", p.biasColumn, p.mask > 0)]!;
  const s = p.scratch + place * p.scratchBytes;
  eachBlock(p, (row, rows, seen) => {
    const y = p.y + 4 * row * p.valueWidth;
    const stats = p.stats + 8 * row;
    simd.softmax_start!(stats, rows);
    if (seen === 0) simd.zero!(y, rows * p.valueWidth);
    for (const t of tilesOf(p, row, rows, seen)) {
      scores(member, p, t, s);
      const out = t.column > 0 ? p.valueWidth : 0;
      softmax(s, rows, t.columns, 4 * t.columns, p.scale, ...terms(p, t), stats, y, out);
      const v = p.v + 4 * t.column * p.valueWidth;
      const [n, k] = [p.valueWidth, t.columns];
      gemm(false, false, rows, n, k, s, k, v, n, y, n, t.column > 0);
    }
    simd.softmax_end!(y, p.valueWidth, rows, stats);
  });
}

/** Turns scores into P and writes factor · P ∘ (dP − D) behind them. */
function slopes(
  member: TileMember,
  p: AttentionPiece,
  t: Tile,
  [s, ds, own]: readonly [number, number, number],
  factor: number,
): void {
  const { simd, gemm } = member;
  const n = p.valueWidth;
  scores(member, p, t, s);
  const [dy, v] = [p.dy + 4 * t.row * n, p.v + 4 * t.column * n];
  gemm(false, true, t.rows, t.columns, n, dy, n, v, n, ds, t.columns, false);
  const slope = simd[termsName("slope_tile", p.biasColumn, p.mask > 0)]!;
  const [stats, pitch] = [p.stats + 8 * t.row, 4 * t.columns];
  slope(s, ds, t.rows, t.columns, pitch, p.scale, factor, ...terms(p, t), stats, own);
}

/** Where a member has the scores of a tile, their derivative, and Σ dO ∘ O of each row. */
function places({ place }: TileMember, p: AttentionPiece): [number, number, number] {
  const s = p.scratch + place * p.scratchBytes;
  const tile = 4 * p.tileRows * p.tileColumns;
  return [s, s + tile, s + 2 * tile];
}

/** dQ of some queries, and what they add to dK and dV. */
export function attentionGradPiece(member: TileMember, numbers: readonly number[]): void {
  const p = pieceOf(numbers);
  const { simd, gemm } = member;
  const at = places(member, p);
  const [s, ds, own] = at;
  const [e, n] = [p.width, p.valueWidth];
  simd.zero!(p.dk, p.keys * e);
  simd.zero!(p.dv, p.keys * n);
  eachBlock(p, (row, rows, seen) => {
    const [q, dq] = [p.q + 4 * row * e, p.dq + 4 * row * e];
    const dy = p.dy + 4 * row * n;
    simd.row_dots!(own, dy, p.y + 4 * row * n, rows, n);
    if (seen === 0) simd.zero!(dq, rows * e);
    for (const t of tilesOf(p, row, rows, seen)) {
      slopes(member, p, t, at, p.scale);
      const { columns: m } = t;
      const [k, dk] = [p.k + 4 * t.column * e, p.dk + 4 * t.column * e];
      gemm(true, false, m, n, rows, s, m, dy, n, p.dv + 4 * t.column * n, n, true);
      gemm(true, false, m, e, rows, ds, m, q, e, dk, e, true);
      gemm(false, false, rows, e, m, ds, m, k, e, dq, e, t.column > 0);
    }
  });
}

/** What some queries of one head add to the gradient of the bias; it goes where dq else would. */
export function attentionBiasGradPiece(member: TileMember, numbers: readonly number[]): void {
  const p = pieceOf(numbers);
  const { simd } = member;
  const at = places(member, p);
  const [, ds, own] = at;
  eachBlock(p, (row, rows, seen) => {
    const n = p.valueWidth;
    simd.row_dots!(own, p.dy + 4 * row * n, p.y + 4 * row * n, rows, n);
    for (const t of tilesOf(p, row, rows, seen)) {
      slopes(member, p, t, at, 1);
      const to = p.dq + row * p.biasPitch + t.column * p.biasColumn;
      const pitch = 4 * t.columns;
      if (p.biasColumn === 0) {
        simd.add_row_sums!(to, p.biasPitch, ds, rows, t.columns, pitch);
      } else {
        for (let r = 0; r < rows; r++) {
          const line = to + r * p.biasPitch;
          simd.add!(line, line, ds + r * pitch, t.columns);
        }
      }
    }
  });
}

/** Sums parts that lie one behind the other: to, from, parts, numbers of a part. */
export function sumPartsPiece(
  { simd }: TileMember,
  [to, from, parts, size]: readonly number[],
): void {
  const bytes = 4 * size!;
  simd.copy_rows!(to!, from!, 1, bytes, bytes, bytes);
  for (let part = 1; part < parts!; part++) simd.add!(to!, to!, from! + part * bytes, size!);
}
