/**
 * A thread of the `blas` backend's team.
 *
 * @module
 */

import { factorMemory } from "../../factorisations/mod.ts";
import { joinTeam } from "../../wasm/mod.ts";
import { jobs } from "../heap/jobs.ts";
import { bindSimd } from "../simd/mod.ts";
import { blasGemm } from "./gemm.ts";
import { openLibrary } from "./library.ts";
import { nativeBase } from "./native_heap.ts";

/** What it needs to know. */
export interface MemberSetting {
  /** The heap. */
  readonly memory: WebAssembly.Memory;
  /** The library to load. */
  readonly path: string;
}

joinTeam(jobs, ({ memory, path }: MemberSetting, place) => {
  const library = openLibrary(path);
  if (typeof library === "string") throw new Error(`Cannot join the team: ${library}`);
  return {
    place,
    simd: bindSimd(memory),
    gemm: blasGemm(library, nativeBase(memory)),
    factors: factorMemory(memory),
  };
});
