/**
 * A thread of the `wasm` backend's team.
 *
 * @module
 */

import { factorMemory } from "../../factorisations/mod.ts";
import { joinTeam } from "../../wasm/mod.ts";
import { jobs } from "../heap/jobs.ts";
import { simdGemm } from "../simd/matmul.ts";
import { bindSimd } from "../simd/mod.ts";

/** What it needs to know. */
export interface MemberSetting {
  /** The heap. */
  readonly memory: WebAssembly.Memory;
  /** Address of its workspace for products. */
  readonly workspace: number;
}

joinTeam(jobs, ({ memory, workspace }: MemberSetting, place) => {
  const simd = bindSimd(memory);
  return { place, simd, gemm: simdGemm(simd, () => workspace), factors: factorMemory(memory) };
});
