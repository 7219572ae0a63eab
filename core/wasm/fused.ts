/**
 * What the machine can do.
 *
 * @module
 */

import { assemble, FunctionBuilder, v128 } from "./assembler.ts";

/** Whether the runtime has the fused multiply-add of relaxed SIMD. */
export function hasFused(): boolean {
  const f = new FunctionBuilder();
  const x = f.local("v128", v128.relaxedMadd(v128.const(1), v128.const(1), v128.const(1)));
  f.returns(v128.laneF64(x, 0));
  return WebAssembly.validate(assemble({ f }));
}
