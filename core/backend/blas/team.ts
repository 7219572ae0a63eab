/**
 * A matrix product that several threads compute, each calling the library on one thread.
 *
 * The library's own threads cost more on the sizes of training: 500×500 by batches of 256 runs at 275
 * GFLOP/s on two cores with OpenBLAS' threads and at 320 this way, and products with 32 columns gain
 * nothing from OpenBLAS' threads but run 1.5 to 1.8 times as fast this way.
 *
 * @module
 */

import { Worker } from "node:worker_threads";
import type { Gemm } from "../heap/gemm.ts";
import {
  makeTeamBuffer,
  PIECE_NUMBERS,
  PIECES,
  takePieces,
  type TeamMemory,
  teamMemory,
  WORD,
} from "./team_protocol.ts";

/** Below this product of the extents, one thread is done before the others have heard of it. */
const SMALLEST = 1e6;
/** A piece is not cut below this many rows or columns. */
const LEAST_EXTENT = 32;
/** Job numbers start again here; helpers compare for equality only. */
const JOBS = 2 ** 22;

/** Computes a piece: the arguments of a product. */
export type Piece = Parameters<Gemm>;

/** Main thread and helpers. */
export class Team {
  readonly #memory: TeamMemory;
  readonly #buffer: SharedArrayBuffer;
  readonly #path: string;
  #helpers = 0;
  #job = 0;
  #threads = 1;

  /**
   * Makes a team of one.
   *
   * @param path Library that the helpers load.
   */
  constructor(path: string) {
    this.#path = path;
    this.#buffer = makeTeamBuffer();
    this.#memory = teamMemory(this.#buffer);
  }

  /** Threads that take part, this one included. */
  get threads(): number {
    return this.#threads;
  }

  /** Sets the threads; helpers start in the background and join when they are ready. */
  set threads(count: number) {
    this.#threads = count;
    for (; this.#helpers < count - 1; this.#helpers++) this.#start();
  }

  /** Makes a product that the team shares from one on native addresses for this thread. */
  share(alone: Gemm, base: () => number): Gemm {
    return (transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate) => {
      const [rows, columns] = m * n * k < SMALLEST ? [1, 1] : this.#grid(m, n);
      if (rows * columns === 1) {
        return alone(transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate);
      }
      const heap = base();
      let piece = 0;
      for (let i = 0; i < rows; i++) {
        const [top, bottom] = [cut(m, rows, i), cut(m, rows, i + 1)];
        for (let j = 0; j < columns; j++) {
          const [left, right] = [cut(n, columns, j), cut(n, columns, j + 1)];
          const fromA = a + 4 * (transA ? top : top * lda);
          const fromB = b + 4 * (transB ? left * ldb : left);
          const to = c + 4 * (top * ldc + left);
          const extents = [bottom - top, right - left, k];
          const flags = [transA ? 1 : 0, transB ? 1 : 0, accumulate ? 1 : 0];
          const places = [heap + fromA, lda, heap + fromB, ldb, heap + to, ldc];
          this.#memory.numbers.set([...flags, ...extents, ...places], PIECE_NUMBERS * piece++);
        }
      }
      this.#run(piece, (start) => runPiece(this.#memory.numbers, start, heap, alone));
    };
  }

  /** Rows first: each piece then packs the whole of B once, in the order in which it lies. */
  #grid(m: number, n: number): [number, number] {
    const rows = Math.max(1, Math.min(this.#threads, Math.floor(m / LEAST_EXTENT)));
    const columns = Math.max(
      1,
      Math.min(Math.floor(this.#threads / rows), Math.floor(n / LEAST_EXTENT)),
    );
    return rows * columns < PIECES ? [rows, columns] : [1, 1];
  }

  #run(pieces: number, compute: (start: number) => void): void {
    const { words } = this.#memory;
    this.#job = (this.#job + 1) % JOBS;
    Atomics.store(words, WORD.done, 0);
    Atomics.store(words, WORD.pieces, pieces);
    Atomics.store(words, WORD.state, this.#job * PIECES);
    if (Atomics.load(words, WORD.sleeping) > 0) Atomics.notify(words, WORD.state);
    takePieces(this.#memory, this.#job, compute);
    while (Atomics.load(words, WORD.done) < pieces);
  }

  #start(): void {
    const url = new URL("./team_worker.ts", import.meta.url);
    try {
      const worker = new Worker(url, { workerData: { buffer: this.#buffer, path: this.#path } });
      worker.on("error", () => {});
      worker.unref();
    } catch {
      // A helper that cannot start leaves its work to the others.
    }
  }
}

/** Where piece i of `count` begins in an extent; multiples of 16 keep whole tiles together. */
function cut(extent: number, count: number, i: number): number {
  return i === count ? extent : 16 * Math.floor(extent * i / count / 16);
}

/** Calls a product with the arguments that start at an index. */
export function runPiece(
  numbers: Float64Array,
  start: number,
  heap: number,
  gemm: Gemm,
): void {
  const at = (i: number): number => numbers[start + i]!;
  const [m, n, k] = [at(3), at(4), at(5)];
  const [a, b, c] = [at(6) - heap, at(8) - heap, at(10) - heap];
  gemm(at(0) === 1, at(1) === 1, m, n, k, a, at(7), b, at(9), c, at(11), at(2) === 1);
}
