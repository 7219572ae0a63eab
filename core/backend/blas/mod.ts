/**
 * The system's BLAS and LAPACK on the WebAssembly heap, through FFI and without copies.
 *
 * @module
 */

import type { Backend, BackendOptions } from "../backend.ts";
import type { Engine } from "../engine.ts";
import { loadBlas } from "./library.ts";

/** OpenBLAS, Accelerate or MKL. */
export const blas: Backend = {
  name: "blas",
  description: "the system's BLAS and LAPACK (OpenBLAS, Accelerate, MKL) on the CPU",
  automatic: true,
  hint: "install OpenBLAS (Debian: libopenblas0-pthread) or set RANKFLOW_BLAS to a library",
  probe(): Promise<string | undefined> {
    const library = loadBlas();
    return Promise.resolve(typeof library === "string" ? library : undefined);
  },
  async open(options: BackendOptions): Promise<Engine> {
    const library = loadBlas();
    if (typeof library === "string") throw new Error(`Cannot open backend "blas": ${library}`);
    const { openBlas } = await import("./open.ts");
    return await openBlas(library, options);
  },
};
