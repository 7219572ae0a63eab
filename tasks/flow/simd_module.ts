/**
 * The module of the kernels in WebAssembly, as every thread binds it to the memory they share.
 *
 * @module
 */

import type { Jobs } from "../../core/wasm/mod.ts";

/** Runs on rows: addresses of states, moved to the first row, then the number of rows. */
export type RowFunction = (...args: number[]) => void;

/** Name of a function on rows. */
export type RowJob = "step" | "adjoint";

/** The functions. */
export type RowFunctions = Readonly<Record<RowJob, RowFunction>>;

/** What a team on rows can be asked to do. */
export const rowJobs: Jobs<RowFunctions> = {
  step: ({ step }, args) => step(...args),
  adjoint: ({ adjoint }, args) => adjoint(...args),
};

/** What a thread needs to take part. */
export interface RowModule {
  /** States and factors. */
  readonly memory: WebAssembly.Memory;
  /** The functions. */
  readonly binary: Uint8Array<ArrayBuffer>;
}

/** Binds the functions to the memory. */
export function bindRows({ memory, binary }: RowModule): RowFunctions {
  const module = new WebAssembly.Module(binary);
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as RowFunctions;
}
