/**
 * The singular value decomposition by LAPACK, beside the main thread: the layers of a network
 * truncate at the same time, and one factors while the next prepares its core.
 *
 * @module
 */

import type { NativeSvd } from "../engine.ts";
import { address, type HeapContext, output } from "../heap/context.ts";
import { outer, runtimeOf, type TensorInfo } from "../tfjs/types.ts";
import type { LapackFunctions } from "./library.ts";

/** LAPACK's blocked algorithms want this many columns of workspace. */
const BLOCK = 64;
/** The job: thin factors. */
const THIN = new TextEncoder().encode("S");

/** What one call works on; LAPACK's names, column-major. */
interface Problem {
  readonly a: Float32Array;
  readonly sigma: Float32Array;
  readonly u: Float32Array;
  readonly vt: Float32Array;
  readonly info: Int32Array;
}

/**
 * Thin SVD. LAPACK sees the row-major m×n matrix as its transpose Aᵀ = Ũ Σ Ṽᵀ: P = Ṽ and Q = Ũ.
 *
 * @param c The heap; nothing of it is touched while LAPACK runs.
 */
export async function svd(
  c: HeapContext,
  lapack: LapackFunctions,
  a: TensorInfo,
): Promise<NativeSvd> {
  const [m, n] = a.shape as [number, number];
  const k = Math.min(m, n);
  const at = address(c, a) / 4;
  const problem = {
    a: c.heap.backend.wasm.HEAPF32.slice(at, at + m * n),
    sigma: new Float32Array(k),
    u: new Float32Array(n * k),
    vt: new Float32Array(k * m),
    info: new Int32Array(1),
  };
  await decompose(lapack, problem, m, n);
  if (problem.info[0] !== 0) {
    throw new Error(
      `Cannot compute the SVD: LAPACK returned ${problem.info[0]}; ` +
        "the matrix may hold NaN or infinity",
    );
  }
  // Ṽᵀ column-major is P row-major; Ũ column-major is Qᵀ row-major.
  const p = upload(c, problem.vt, [m, k]);
  const q = upload(c, transposed(problem.u, k, n), [n, k]);
  return { p, sigma: Float64Array.from(problem.sigma), q };
}

function decompose(lapack: LapackFunctions, x: Problem, m: number, n: number): Promise<void> {
  const k = Math.min(m, n);
  const lwork = 4 * k * k + 7 * k + Math.max(m, n) * (BLOCK + 2);
  const integer = (value: number): Int32Array<ArrayBuffer> => Int32Array.of(value);
  return lapack.sgesdd_(
    THIN,
    integer(n),
    integer(m),
    x.a as BufferSource,
    integer(n),
    x.sigma as BufferSource,
    x.u as BufferSource,
    integer(n),
    x.vt as BufferSource,
    integer(k),
    new Float32Array(lwork),
    integer(lwork),
    new Int32Array(8 * k),
    x.info as BufferSource,
    new BigInt64Array([1n]),
  );
}

function upload(c: HeapContext, data: Float32Array, shape: number[]): NativeSvd["p"] {
  const info = output(c, shape);
  c.heap.backend.wasm.HEAPF32.set(data, address(c, info) / 4);
  return outer(runtimeOf(c.tf).makeTensorFromTensorInfo(info));
}

/** Row-major rows×columns to columns×rows. */
function transposed(x: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(x.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[j * rows + i] = x[i * columns + j]!;
  }
  return out;
}
