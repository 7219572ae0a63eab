/**
 * The kernels in WebAssembly with two float64 lanes, assembled for the lattice at hand.
 *
 * @module
 */

import { assemble, FunctionBuilder, hasFused, PAGE, v128 } from "../../core/wasm/mod.ts";
import type { Grid } from "./grid.ts";
import type { FlowKernel, FlowKernelKind, Relaxation } from "./kernel.ts";
import { RowTeam } from "./row_team.ts";
import { adjointFunction } from "./simd_adjoint.ts";
import { equalPairs, FACTOR_COUNT, writeFactors } from "./simd_rates.ts";
import type { RowJob, RowModule } from "./simd_module.ts";
import { BYTES } from "./simd_rows.ts";
import { stepFunction } from "./simd_step.ts";

/** Two cells at a time. */
export const simdKernel: FlowKernelKind = {
  name: "wasm-simd",
  description: "WebAssembly SIMD, two cells at a time",
  available: () => WebAssembly.validate(assemble({ f: probe() })),
  create(g, relaxation, count, threads = 1): FlowKernel {
    const { module, addresses } = layOut(g, relaxation, count, threads > 1);
    const team = new RowTeam(module, g.ny, BYTES * g.pitch, threads);
    const at = (state: number): number => addresses[state]!;
    return {
      states: addresses.map((a) => new Float64Array(module.memory.buffer, a, g.size)),
      step: (from, to) => team.run("step", [at(from), at(to)]),
      adjoint: (state, from, to) => team.run("adjoint", [at(state), at(from), at(to)]),
      close: () => team.close(),
    };
  },
};

/**
 * Assembles the functions and lays out their memory: factors first, then the states.
 *
 * @param count How many states.
 * @param shared Whether other threads see the memory.
 */
export function layOut(
  g: Grid,
  relaxation: Relaxation,
  count: number,
  shared: boolean,
): { readonly module: RowModule; readonly addresses: readonly number[] } {
  const base = (k: number): number => BYTES * (FACTOR_COUNT * g.pitch + k * g.size);
  const pages = Math.ceil(base(count) / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  writeFactors(g, relaxation, new Float64Array(memory.buffer, 0, FACTOR_COUNT * g.pitch));
  const binary = assemble(rowFunctions(g, relaxation), shared, pages);
  return {
    module: { memory, binary },
    addresses: Array.from({ length: count }, (_, k) => base(k)),
  };
}

function rowFunctions(g: Grid, relaxation: Relaxation): Record<RowJob, FunctionBuilder> {
  const [equal, fused] = [equalPairs(g, relaxation), hasFused()];
  return { step: stepFunction(g, equal, fused), adjoint: adjointFunction(g, equal, fused) };
}

function probe(): FunctionBuilder {
  const f = new FunctionBuilder();
  f.returns(v128.laneF64(v128.constF64(1), 0));
  return f;
}
