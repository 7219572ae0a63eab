/**
 * Our own kernels on a WebAssembly memory, assembled at start for the machine at hand.
 *
 * @module
 */

import { assemble, type FunctionBuilder, hasFused } from "../../wasm/mod.ts";
import { attentionKernels } from "./attention.ts";
import { convKernels } from "./conv.ts";
import { elementwiseKernels } from "./elementwise.ts";
import { gemmKernels } from "./gemm.ts";
import { lossKernels } from "./loss.ts";
import { normKernels } from "./norm.ts";
import { poolKernels } from "./pool.ts";
import { rowKernels } from "./rows.ts";
import { tallKernels } from "./tall.ts";
import { triangleKernels } from "./triangles.ts";
import { sequenceKernels } from "./sequences.ts";
import { smoothKernels } from "./smooth.ts";
import { winogradKernels } from "./winograd.ts";

/** The kernels by exported name; each file of this folder says what its parameters are. */
export type SimdKernels = Readonly<Record<string, (...args: number[]) => number>>;

function functions(fused: boolean): Record<string, FunctionBuilder> {
  return {
    ...elementwiseKernels(),
    ...lossKernels(),
    ...rowKernels(),
    ...convKernels(),
    ...normKernels(),
    ...poolKernels(),
    ...attentionKernels(fused),
    ...sequenceKernels(),
    ...smoothKernels(fused),
    ...gemmKernels(fused),
    ...tallKernels(fused),
    ...triangleKernels(fused),
    ...winogradKernels(fused),
  };
}

/**
 * Assembles the kernels and binds them to a memory.
 *
 * @param memory The memory that their addresses refer to.
 * @param fused Whether to use the fused multiply-add of relaxed SIMD; default: where the runtime has it.
 */
export function bindSimd(
  memory: WebAssembly.Memory,
  fused: boolean = hasFused(),
): SimdKernels {
  const module = moduleOf(fused, memory.buffer instanceof SharedArrayBuffer);
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return instance.exports as unknown as SimdKernels;
}

/** Modules by their options: assembling one takes tens of milliseconds. */
const modules = new Map<string, WebAssembly.Module>();

function moduleOf(fused: boolean, shared: boolean): WebAssembly.Module {
  const key = `${fused} ${shared}`;
  const module = modules.get(key) ?? new WebAssembly.Module(assemble(functions(fused), shared));
  modules.set(key, module);
  return module;
}
