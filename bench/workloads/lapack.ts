import { holdToOneThread, loadBlas } from "../../core/backend/blas/library.ts";
import { integers, numbers, type Workload, type WorkloadKind } from "./workload.ts";

const buffers = <N extends number>(count: N): readonly "buffer"[] & { length: N } =>
  Array(count).fill("buffer") as "buffer"[] & { length: N };

const SYMBOLS = {
  sgeqrf_: { parameters: buffers(8), result: "void" },
  sorgqr_: { parameters: buffers(9), result: "void" },
  dgeqrf_: { parameters: buffers(8), result: "void" },
  dorgqr_: { parameters: buffers(9), result: "void" },
  spotrf_: { parameters: [...buffers(5), "usize"], result: "void" },
  strtri_: { parameters: [...buffers(6), "usize", "usize"], result: "void" },
  sgesdd_: { parameters: [...buffers(14), "usize"], result: "void" },
  dgesdd_: { parameters: [...buffers(14), "usize"], result: "void" },
} as const satisfies Deno.ForeignLibraryInterface;

type Native = (...args: (ArrayBufferView | number)[]) => void;

/** Columns of workspace for the blocked algorithms. */
const BLOCK = 64;

const int = (value: number): Int32Array => Int32Array.of(value);

/**
 * LAPACK's own routines on column-major matrices in plain memory, with nothing around them but a
 * copy of what they overwrite, on one thread: what factorisations are compared with.
 */
export const lapack: WorkloadKind = {
  name: "lapack",
  usage: "lapack qr|svd|cholesky rows columns s|d",
  create(_engine, words): Workload {
    const [m, n] = integers(words.slice(1), 2, this.usage) as [number, number];
    const library = loadBlas();
    if (typeof library === "string") throw new Error(`Cannot call LAPACK: ${library}`);
    holdToOneThread(library);
    const { symbols } = Deno.dlopen(library.path, SYMBOLS);
    const precision = words[3];
    if (precision !== "s" && precision !== "d") {
      throw new RangeError(`Cannot read the workload: expected "${this.usage}"`);
    }
    const native = symbols as unknown as Record<string, Native>;
    if (words[0] === "qr") return qr(native, precision, m, n);
    if (words[0] === "svd") return svd(native, precision, m, n);
    if (words[0] === "cholesky" && precision === "s" && m === n) return cholesky(native, n);
    throw new RangeError(`Cannot read the workload: expected "${this.usage}"`);
  },
};

const arrayOf = (precision: "s" | "d") => precision === "s" ? Float32Array : Float64Array;

function qr(native: Record<string, Native>, precision: "s" | "d", m: number, n: number): Workload {
  const floats = arrayOf(precision);
  const a = floats.from(numbers(m * n));
  const [q, tau, work] = [m * n, n, n * BLOCK].map((size) => new floats(size)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const [rows, cols, size, info] = [int(m), int(n), int(n * BLOCK), int(0)];
  const [geqrf, orgqr] = [native[`${precision}geqrf_`]!, native[`${precision}orgqr_`]!];
  return {
    step(): void {
      q.set(a);
      geqrf(rows, cols, q, rows, tau, work, size, info);
      orgqr(rows, cols, cols, q, rows, tau, work, size, info);
      expectSuccess(info);
    },
  };
}

function svd(native: Record<string, Native>, precision: "s" | "d", m: number, n: number): Workload {
  const floats = arrayOf(precision);
  const k = Math.min(m, n);
  const lwork = 4 * k * k + 7 * k + Math.max(m, n) * (BLOCK + 2);
  const a = floats.from(numbers(m * n));
  const sizes = [m * n, k, m * k, k * n, lwork];
  const [copy, sigma, u, vt, work] = sizes.map((size) => new floats(size));
  const [rows, cols, small, info] = [int(m), int(n), int(k), int(0)];
  const integers = new Int32Array(8 * k);
  const job = new TextEncoder().encode("S");
  const gesdd = native[`${precision}gesdd_`]!;
  const factors = [sigma!, u!, rows, vt!, small];
  return {
    step(): void {
      copy!.set(a);
      gesdd(job, rows, cols, copy!, rows, ...factors, work!, int(lwork), integers, info, 1);
      expectSuccess(info);
    },
  };
}

/** R and R⁻¹ of a matrix that is far from singular. */
function cholesky(native: Record<string, Native>, n: number): Workload {
  const a = numbers(n * n).map((x, i) => i % (n + 1) === 0 ? n : x / 2);
  const r = new Float32Array(n * n);
  const [size, info] = [int(n), int(0)];
  const [upper, plain] = ["U", "N"].map((text) => new TextEncoder().encode(text));
  return {
    step(): void {
      r.set(a);
      native.spotrf_!(upper!, size, r, size, info, 1);
      expectSuccess(info);
      native.strtri_!(upper!, plain!, size, r, size, info, 1, 1);
      expectSuccess(info);
    },
  };
}

function expectSuccess(info: Int32Array): void {
  if (info[0] !== 0) throw new Error(`Cannot measure LAPACK: it returned ${info[0]}`);
}
