import type { Activation, Layer } from "../core/mod.ts";

/** An activation by itself, where no layer before it can fuse it. */
export function activate(activation: Activation): Layer {
  return { weights: [], forward: (pass, x) => pass.engine.activate(x, activation) };
}
