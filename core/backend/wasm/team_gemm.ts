/**
 * A matrix product that several threads compute on a memory of their own.
 *
 * The heap of TensorFlow.js cannot be shared between threads, so operands are copied to a memory
 * that can, and the result is copied back: worth it where a product has much more to compute than
 * to copy.
 *
 * @module
 */

import type { Gemm } from "../heap/gemm.ts";
import { MOST_PAGES, PAGE } from "../simd/assembler.ts";
import { simdGemm, WORKSPACE_BYTES } from "../simd/matmul.ts";
import { bindSimd } from "../simd/mod.ts";
import { inPieces, squarest } from "../team/products.ts";
import { Team } from "../team/team.ts";

/** What helpers need to know. */
export interface TeamSetting {
  /** The team's memory. */
  readonly memory: WebAssembly.Memory;
  /** Where the workspaces begin, one for each thread. */
  readonly workspaces: number;
  /** One 32-bit integer: the number of the next workspace to take. */
  readonly next: SharedArrayBuffer;
}

/** Nanoseconds to copy a number in and out, to multiply and add once, and to call for help. */
const COST = { copy: 0.8, multiply: 0.06, call: 20_000 } as const;

/** Places in the team's memory. */
const WORKSPACES = 64;

/** Products by a team. */
export class TeamProducts {
  readonly #team: Team;
  readonly #memory: WebAssembly.Memory;
  readonly #gemm: Gemm;
  readonly #alone: Gemm;
  readonly #heap: () => Float32Array;
  /** Threads that ever took part: each has its workspace for good. */
  #most = 1;

  /**
   * Makes a team of one.
   *
   * @param alone The product on the heap, on one thread.
   * @param heap The heap as floats.
   */
  constructor(alone: Gemm, heap: () => Float32Array) {
    this.#alone = alone;
    this.#heap = heap;
    this.#memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true });
    // The main thread takes the first workspace.
    const next = new SharedArrayBuffer(4);
    new Int32Array(next)[0] = 1;
    const setting: TeamSetting = { memory: this.#memory, workspaces: WORKSPACES, next };
    this.#team = new Team(new URL("./helper.ts", import.meta.url), setting);
    this.#gemm = simdGemm(bindSimd(this.#memory), () => WORKSPACES);
  }

  /** Threads that take part. */
  get threads(): number {
    return this.#team.threads;
  }

  /** Sets the threads that take part. */
  set threads(count: number) {
    this.#most = Math.max(this.#most, count);
    this.#reserve(this.#operands());
    this.#team.threads = count;
  }

  /** Where operands begin. */
  #operands(): number {
    return WORKSPACES + WORKSPACE_BYTES * this.#most;
  }

  /** The product on the heap, shared where that pays. */
  readonly gemm: Gemm = (...product) => {
    const [, , m, n, k] = product;
    const { threads } = this.#team;
    const saved = COST.multiply * m * n * k * (1 - 1 / threads);
    const spent = COST.copy * (m * k + k * n + m * n) + COST.call;
    if (threads === 1 || saved < spent) this.#alone(...product);
    else this.#share(...product);
  };

  #share(...product: Parameters<Gemm>): void {
    const [transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate] = product;
    const sizes = [extent(transA, m, k, lda), extent(transB, k, n, ldb), (m - 1) * ldc + n];
    const start = this.#operands();
    const places = sizes.map((_, i) => start + 4 * sizes.slice(0, i).reduce((x, y) => x + y, 0));
    const [toA, toB, toC] = places as [number, number, number];
    this.#reserve(toC + 4 * sizes[2]!);
    const [from, to] = [this.#heap(), new Float32Array(this.#memory.buffer)];
    const copyIn = (source: number, target: number, size: number): void =>
      to.set(from.subarray(source / 4, source / 4 + size), target / 4);
    copyIn(a, toA, sizes[0]!);
    copyIn(b, toB, sizes[1]!);
    if (accumulate) copyIn(c, toC, sizes[2]!);
    const grid = squarest(this.#team.threads, m, n);
    const moved = [transA, transB, m, n, k, toA, lda, toB, ldb, toC, ldc, accumulate] as const;
    inPieces(this.#team, grid, [...moved], 0, this.#gemm);
    for (let i = 0; i < m; i++) {
      const row = toC / 4 + i * ldc;
      from.set(to.subarray(row, row + n), c / 4 + i * ldc);
    }
  }

  #reserve(bytes: number): void {
    const missing = Math.ceil(bytes / PAGE) - this.#memory.buffer.byteLength / PAGE;
    if (missing > 0) this.#memory.grow(missing);
  }
}

/** Floats from the first to the last of an operand as it is stored. */
function extent(transposed: boolean, rows: number, columns: number, ld: number): number {
  return transposed ? (columns - 1) * ld + rows : (rows - 1) * ld + columns;
}
