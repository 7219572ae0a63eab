/**
 * The kernels in WebAssembly with two float64 lanes, assembled for the lattice at hand.
 *
 * @module
 */

import { assemble, FunctionBuilder, hasFused, PAGE, v128 } from "../../core/backend/simd/mod.ts";
import type { FlowKernel, FlowKernelKind } from "./kernel.ts";
import { adjointFunction } from "./simd_adjoint.ts";
import { equalPairs, FACTOR_COUNT, writeFactors } from "./simd_rates.ts";
import { BYTES } from "./simd_rows.ts";
import { stepFunction } from "./simd_step.ts";

/** Two cells at a time. */
export const simdKernel: FlowKernelKind = {
  name: "wasm-simd",
  description: "WebAssembly SIMD, two cells at a time",
  available: () => WebAssembly.validate(assemble({ f: probe() })),
  create(g, relaxation, count): FlowKernel {
    // Factors first, then the states.
    const base = (k: number): number => BYTES * (FACTOR_COUNT * g.pitch + k * g.size);
    const pages = Math.ceil(base(count) / PAGE);
    const memory = new WebAssembly.Memory({ initial: pages });
    writeFactors(g, relaxation, new Float64Array(memory.buffer, 0, FACTOR_COUNT * g.pitch));
    const [equal, fused] = [equalPairs(g, relaxation), hasFused()];
    const functions = {
      step: stepFunction(g, equal, fused),
      adjoint: adjointFunction(g, equal, fused),
    };
    const binary = assemble(functions, false, pages);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), {
      env: { memory },
    });
    const { step, adjoint } = exports as Record<string, (...args: number[]) => void>;
    return {
      states: Array.from(
        { length: count },
        (_, k) => new Float64Array(memory.buffer, base(k), g.size),
      ),
      step: (from, to) => step!(base(from), base(to), g.ny),
      adjoint: (at, from, to) => adjoint!(base(at), base(from), base(to), g.ny),
    };
  },
};

function probe(): FunctionBuilder {
  const f = new FunctionBuilder();
  f.returns(v128.laneF64(v128.constF64(1), 0));
  return f;
}
