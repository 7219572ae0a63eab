/**
 * The system's BLAS and LAPACK on the WebAssembly heap, through FFI and without copies.
 *
 * @module
 */

import type { Backend, BackendOptions, Engine } from "../engine.ts";

/** OpenBLAS, Accelerate or MKL. */
export const blas: Backend = {
  name: "blas",
  description: "the system's BLAS and LAPACK (OpenBLAS, Accelerate, MKL) on the CPU",
  automatic: true,
  hint: "install OpenBLAS (Debian: libopenblas0-pthread) or set RANKFLOW_BLAS to a library",
  probe: () => Promise.resolve("not built yet"),
  open(_options: BackendOptions): Promise<Engine> {
    return Promise.reject(new Error('Cannot open backend "blas": not built yet'));
  },
};
