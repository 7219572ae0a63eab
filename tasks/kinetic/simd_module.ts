/**
 * The module of the stages in WebAssembly, as every thread binds it to the memory they share.
 *
 * @module
 */

import type { Jobs } from "../../core/wasm/mod.ts";
import type { StageWay } from "./kernel.ts";

/** Runs on rows: the numbers of {@linkcode RowArguments}, in their order. */
export type SweepFunction = (...args: number[]) => void;

/** The functions. */
export type SweepFunctions = Readonly<Record<StageWay, SweepFunction>>;

/** What a team can be asked to do. */
export const sweepJobs: Jobs<SweepFunctions> = {
  step: ({ step }, args) => step(...args),
  mean: ({ mean }, args) => mean(...args),
  collide: ({ collide }, args) => collide(...args),
};

/** What a thread needs to take part. */
export interface SweepModule {
  /** States, fields and tables. */
  readonly memory: WebAssembly.Memory;
  /** The functions. */
  readonly binary: Uint8Array<ArrayBuffer>;
}

/** Binds the functions to the memory. */
export function bindSweep({ memory, binary }: SweepModule): SweepFunctions {
  const module = new WebAssembly.Module(binary);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return exports as unknown as SweepFunctions;
}
