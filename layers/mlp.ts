/**
 * The perceptrons of transformer blocks: two maps, or three of which one is a gate.
 *
 * @module
 */

import type { Activation, Engine, Initialiser, Layer, Tensor } from "../core/mod.ts";
import { linear } from "./linear.ts";
import type { WeightOptions } from "./weights.ts";

/**
 * What follows the first map: GELU with the error function or with its tangent, SiLU, or others.
 *
 * @example Two perceptrons that differ in nothing else
 * ```ts
 * import type { MlpActivation } from "@rankflow/rankflow";
 * import { mlp } from "@rankflow/rankflow/layers";
 * import { assertEquals } from "@std/assert";
 *
 * const bent: MlpActivation[] = ["gelu", "silu"];
 * const sizes = { name: "think", width: 4, inner: 16 };
 * const [a, b] = bent.map((activation) => mlp({ ...sizes, activation }));
 * assertEquals(a!.weights.map((w) => w.shape), b!.weights.map((w) => w.shape));
 * ```
 */
export type MlpActivation = "gelu" | "gelu-tanh" | "silu" | Exclude<Activation, "identity">;

/** Settings of {@linkcode mlp} and {@linkcode gatedMlp}. */
export interface MlpOptions extends WeightOptions {
  /** Name of the layer; its maps are `name.up`, `name.down` and `name.gate`. */
  readonly name: string;
  /** Entries of a token. */
  readonly width: number;
  /** Entries between the maps; default 4 times the width. */
  readonly inner?: number;
  /** What follows the first map, or the gate; default "gelu-tanh", of a gate "silu". */
  readonly activation?: MlpActivation;
  /** Whether maps have biases; default true, with a gate false. */
  readonly bias?: boolean;
  /** Start of the last map, which writes to the residual stream; default: as the others. */
  readonly output?: Initialiser;
}

/**
 * W₂ act(W₁ x), for rows of tokens.
 *
 * @example Its weights
 * ```ts
 * import { mlp } from "@rankflow/rankflow/layers";
 * import { assertEquals } from "@std/assert";
 *
 * const { weights } = mlp({ name: "mlp", width: 4, bias: false });
 * assertEquals(weights.map((w) => [w.name, ...w.shape]), [["mlp.up.weight", 4, 16], ["mlp.down.weight", 16, 4]]);
 * ```
 */
export function mlp(options: MlpOptions): Layer {
  const { activation = "gelu-tanh" } = options;
  const [up, down] = maps({ bias: true, ...options });
  return {
    weights: [...up.weights, ...down.weights],
    forward: (pass, x) =>
      down.forward(pass, activated(pass.engine, up.forward(pass, x), activation)),
  };
}

/** W_down (act(W_gate x) ∘ (W_up x)), for rows of tokens: SwiGLU (Shazeer, arXiv 2002.05202). */
export function gatedMlp(options: MlpOptions): Layer {
  const { name, width, inner = 4 * width, activation = "silu", bias = false } = options;
  const [up, down] = maps({ ...options, bias });
  const gate = linear({
    ...options,
    name: `${name}.gate`,
    inputs: width,
    outputs: inner,
    bias,
    activation: "identity",
  });
  return {
    weights: [...gate.weights, ...up.weights, ...down.weights],
    forward(pass, x) {
      const open = activated(pass.engine, gate.forward(pass, x), activation);
      return down.forward(pass, pass.engine.mul(open, up.forward(pass, x)));
    },
  };
}

function maps({ name, width, inner = 4 * width, bias = true, output, ...options }: MlpOptions) {
  const common = { ...options, bias, activation: "identity" } as const;
  return [
    linear({ ...common, name: `${name}.up`, inputs: width, outputs: inner }),
    linear({
      ...common,
      ...output ? { initialiser: output } : {},
      name: `${name}.down`,
      inputs: inner,
      outputs: width,
    }),
  ] as const;
}

function activated(engine: Engine, x: Tensor, activation: MlpActivation): Tensor {
  switch (activation) {
    case "gelu":
      return engine.gelu(x, "exact");
    case "gelu-tanh":
      return engine.gelu(x, "tanh");
    case "silu":
      return engine.silu(x);
    default:
      return engine.activate(x, activation);
  }
}
