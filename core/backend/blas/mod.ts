/**
 * The system's BLAS and LAPACK on the WebAssembly heap, through FFI and without copies.
 *
 * @module
 */

import type { Backend, BackendOptions, Engine } from "../engine.ts";
import { loadBlas } from "./library.ts";

/** OpenBLAS, Accelerate or MKL. */
export const blas: Backend = {
  name: "blas",
  description: "the system's BLAS and LAPACK (OpenBLAS, Accelerate, MKL) on the CPU",
  automatic: true,
  hint: "install OpenBLAS (Debian: libopenblas0-pthread) or set RANKFLOW_BLAS to a library",
  async probe(): Promise<string | undefined> {
    const library = await loadBlas();
    return typeof library === "string" ? library : undefined;
  },
  async open(options: BackendOptions): Promise<Engine> {
    const library = await loadBlas();
    if (typeof library === "string") throw new Error(`Cannot open backend "blas": ${library}`);
    const { openBlas } = await import("./open.ts");
    return await openBlas(library, options);
  },
};
