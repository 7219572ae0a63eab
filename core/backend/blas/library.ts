/**
 * Finding and loading the system's BLAS and LAPACK.
 *
 * @module
 */

import { missingPermission } from "../../permissions.ts";
import { betterCore, CORE_VARIABLE, processorText } from "./core_type.ts";

/** C types of parameters: 32-bit integers, floats, doubles, and addresses as plain numbers. */
const I = "i32";
const ADDRESS = "usize";
const F = "f32";
const D = "f64";

const gemmParameters = [I, I, I, I, I, I, F, ADDRESS, I, ADDRESS, I, F, ADDRESS, I] as const;
const addresses = <N extends number>(count: N): readonly "usize"[] & { length: N } =>
  Array(count).fill(ADDRESS) as "usize"[] & { length: N };

/**
 * float32 functions on addresses. LAPACK's functions are called by their Fortran names, which every
 * library exports: all parameters are addresses, matrices are column-major.
 */
const SYMBOLS = {
  cblas_sgemm: { parameters: gemmParameters, result: "void" },
  // OpenBLAS' own: order, transposition, rows, columns, α, A, pitch, B, pitch.
  cblas_somatcopy: {
    parameters: [I, I, I, I, F, ADDRESS, I, ADDRESS, I],
    result: "void",
    optional: true,
  },
  sgeqrf_: { parameters: addresses(8), result: "void", optional: true },
  sorgqr_: { parameters: addresses(9), result: "void", optional: true },
  // The hidden lengths of the job characters come last. Both run beside the main thread.
  gesddBeside: {
    name: "dgesdd_",
    parameters: addresses(15),
    result: "void",
    nonblocking: true,
    optional: true,
  },
  gesddHere: { name: "dgesdd_", parameters: addresses(15), result: "void", optional: true },
  gesvdBeside: {
    name: "dgesvd_",
    parameters: addresses(16),
    result: "void",
    nonblocking: true,
    optional: true,
  },
  // Order, triangle, transposition, rows, columns, α, A, pitch, β, C, pitch.
  syrkBeside: {
    name: "cblas_dsyrk",
    parameters: [I, I, I, I, I, D, ADDRESS, I, D, ADDRESS, I],
    result: "void",
    nonblocking: true,
    optional: true,
  },
  syevdBeside: {
    name: "dsyevd_",
    parameters: addresses(13),
    result: "void",
    nonblocking: true,
    optional: true,
  },
  spotrf_: { parameters: addresses(6), result: "void", optional: true },
  strtri_: { parameters: addresses(8), result: "void", optional: true },
  openblas_set_num_threads: { parameters: [I], result: "void", optional: true },
  openblas_get_config: { parameters: [], result: "pointer", optional: true },
  MKL_Set_Num_Threads: { parameters: [I], result: "void", optional: true },
  bli_thread_set_num_threads: { parameters: ["i64"], result: "void", optional: true },
} as const;

/** A function that takes numbers. */
type Native = (...args: number[]) => void;

/** LAPACK's float32 factorisations by their Fortran names. */
export interface LapackFunctions {
  /** QR factorisation. */
  readonly sgeqrf_: Native;
  /** Q of a QR factorisation. */
  readonly sorgqr_: Native;
  /** Cholesky factorisation. */
  readonly spotrf_: Native;
  /** Inverse of a triangular matrix. */
  readonly strtri_: Native;
}

/** A function that takes numbers and runs on a thread of its own. */
type Beside = (...args: number[]) => Promise<void>;

/** Singular value decompositions and what stands in for them, which run beside the main thread unless said otherwise. */
export interface BesideFunctions {
  /** SVD by divide and conquer: fast. */
  readonly gesdd: Beside;
  /** The same on the main thread, for matrices that are not worth another one. */
  readonly gesddHere: Native;
  /** SVD by QR iteration: slower, converges where the other fails. */
  readonly gesvd: Beside;
  /** Square of a matrix; undefined where the library has none. */
  readonly syrk: Beside | undefined;
  /** Eigenvectors of a symmetric matrix by divide and conquer; undefined likewise. */
  readonly syevd: Beside | undefined;
}

/** A loaded library. */
export interface BlasLibrary {
  /** Path or name under which it was found. */
  readonly path: string;
  /** Name and version, as the library tells. */
  readonly title: string;
  /** cblas_sgemm with addresses as numbers. */
  readonly sgemm: Native;
  /** Whether small products go to kernels that need no packing. */
  readonly smallKernels: boolean;
  /** Out-of-place copy with a transposition; undefined where the library has none. */
  readonly somatcopy: Native | undefined;
  /** Factorisations; undefined where the library has none. */
  readonly lapack: LapackFunctions | undefined;
  /** Singular value decompositions and the like in float64, beside the main thread. */
  readonly beside: BesideFunctions | undefined;
  /** Sets the number of threads; undefined where the library has no such call. */
  readonly setThreads: ((threads: number) => void) | undefined;
}

/** Environment variable that names the library to load, and no other. */
const LIBRARY_VARIABLE = "RANKFLOW_BLAS";

const WELL_KNOWN: Partial<Record<typeof Deno.build.os, readonly string[]>> = {
  linux: [
    "libopenblas.so.0",
    "libopenblas.so",
    "libmkl_rt.so.2",
    "libmkl_rt.so",
    "libmkl_rt.so.1",
    "libblis.so.4",
    "libblis.so",
  ],
  darwin: [
    "/System/Library/Frameworks/Accelerate.framework/Accelerate",
    "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
    "/usr/local/opt/openblas/lib/libopenblas.dylib",
  ],
  windows: ["libopenblas.dll", "openblas.dll", "mkl_rt.2.dll", "mkl_rt.dll"],
};

/** The names that are tried, in this order. */
export function candidates(): readonly string[] {
  const named = Deno.env.get(LIBRARY_VARIABLE);
  if (named) return [named];
  return WELL_KNOWN[Deno.build.os] ?? ["libopenblas.so.0", "libopenblas.so"];
}

let loaded: BlasLibrary | string | undefined;

/** The library, or one line that says why there is none. Loads it once per process. */
export function loadBlas(): BlasLibrary | string {
  loaded ??= missingPermission("ffi", "env") ?? search();
  return loaded;
}

function search(): BlasLibrary | string {
  const names = candidates();
  const failures: string[] = [];
  for (const path of names) {
    const library = withoutThreads(() => openLibrary(path));
    if (typeof library !== "string") return library;
    failures.push(library);
  }
  return names.length === 1
    ? `${names[0]} cannot be loaded (${failures[0]})`
    : `no BLAS library found (tried ${names.join(", ")})`;
}

/** Environment variable from which OpenBLAS takes its threads when it is loaded. */
const THREADS_VARIABLE = "OPENBLAS_NUM_THREADS";

/**
 * Loads OpenBLAS without threads of its own, which the team does not use. With them about one
 * process in fifteen was aborted while it ended ("corrupted size vs. prev_size in fastbins", OpenBLAS
 * 0.3.21), without them none of a hundred.
 */
function withoutThreads<T>(load: () => T): T {
  return withVariable(THREADS_VARIABLE, "1", load);
}

/** Calls `f` with an environment variable that says so, unless the user says something else. */
function withVariable<T>(name: string, value: string, f: () => T): T {
  if (Deno.env.get(name) !== undefined) return f();
  Deno.env.set(name, value);
  try {
    return f();
  } finally {
    Deno.env.delete(name);
  }
}

/** Whether a team calls the library: each of its threads then computes alone. */
let held = false;

/** Holds the library to one thread for good. */
export function holdToOneThread({ setThreads }: BlasLibrary): void {
  held = true;
  setThreads?.(1);
}

/** Lets the library use all cores, unless it is held to one or the user says how many. */
export function useAllThreads({ setThreads }: BlasLibrary): void {
  if (held || Deno.env.get(THREADS_VARIABLE) !== undefined) return;
  setThreads?.(navigator.hardwareConcurrency);
}

/** Loads the library of that path or name; one line that says why where it cannot. */
export function openLibrary(path: string): BlasLibrary | string {
  try {
    return describe(path, symbolsOf(path));
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
  }
}

type Symbols = Deno.StaticForeignLibraryInterface<typeof SYMBOLS>;

/** Loads a library; OpenBLAS again, with better kernels, where it does not know the processor. */
function symbolsOf(path: string): Symbols {
  const library = Deno.dlopen(path, SYMBOLS);
  const core = betterCore(configOf(library.symbols).core, processorText());
  if (core === undefined || Deno.env.get(CORE_VARIABLE) !== undefined) return library.symbols;
  // It looks at the variable when it is loaded, and only then.
  library.close();
  return withVariable(CORE_VARIABLE, core, () => Deno.dlopen(path, SYMBOLS).symbols);
}

/** What OpenBLAS tells of itself: "OpenBLAS 0.3.21" and "SkylakeX"; nothing of other libraries. */
function configOf(symbols: Symbols): { readonly version?: string; readonly core?: string } {
  const config = symbols.openblas_get_config?.();
  if (!config) return {};
  const words = Deno.UnsafePointerView.getCString(config).split(" ");
  const core = words.find((word, i) => i > 1 && /[a-z]/.test(word));
  return { version: `${words[0]} ${words[1]}`, ...(core ? { core } : {}) };
}

function describe(path: string, symbols: Symbols): BlasLibrary {
  const native = symbols as unknown as Record<string, Native | null>;
  const names = ["sgeqrf_", "sorgqr_", "spotrf_", "strtri_"];
  const complete = names.every((name) => native[name]);
  const title = titleOf(path, symbols);
  return {
    path,
    title,
    smallKernels: /OpenBLAS.*\((SkylakeX|Cooperlake|SapphireRapids)\)/.test(title),
    sgemm: native.cblas_sgemm!,
    somatcopy: native.cblas_somatcopy ?? undefined,
    lapack: complete ? native as unknown as LapackFunctions : undefined,
    beside: besideFunctions(symbols),
    setThreads: threadSetter(native),
  };
}

function besideFunctions(symbols: Symbols): BesideFunctions | undefined {
  const { gesddBeside, gesvdBeside, syrkBeside, syevdBeside } = symbols as unknown as Record<
    string,
    Beside | null
  >;
  const { gesddHere } = symbols as unknown as Record<string, Native | null>;
  if (!gesddBeside || !gesvdBeside || !gesddHere) return undefined;
  const [syrk, syevd] = [syrkBeside ?? undefined, syevdBeside ?? undefined];
  return { gesdd: gesddBeside, gesddHere, gesvd: gesvdBeside, syrk, syevd };
}

function threadSetter(native: Record<string, Native | null>): BlasLibrary["setThreads"] {
  const set = native.openblas_set_num_threads ?? native.MKL_Set_Num_Threads ??
    native.bli_thread_set_num_threads;
  return set ?? undefined;
}

/** Such as "OpenBLAS 0.3.21 (SkylakeX)". */
function titleOf(path: string, symbols: Symbols): string {
  const { version, core } = configOf(symbols);
  if (version) return `${version}${core ? ` (${core})` : ""}`;
  if (path.includes("Accelerate")) return "Apple Accelerate";
  if (path.includes("mkl")) return "Intel MKL";
  return path;
}
