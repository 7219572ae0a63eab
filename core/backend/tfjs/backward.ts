/**
 * What the gradient functions of all kernels share: access to what the forward pass held, products,
 * and the release of memory while a backward pass goes on.
 *
 * @module
 */

import type { Activation, GradientPair } from "../engine.ts";
import { type Held, KERNEL } from "./names.ts";
import { share } from "./share.ts";
import { outer, runtimeOf, type TensorMap, type Tf, type TfTensor } from "./types.ts";

/** Attributes of the linear maps. */
export interface LinearAttributes {
  /** Activation at the output. */
  readonly activation: Activation;
  /** Whether there is a bias. */
  readonly bias: boolean;
  /** Receiver of the pair, for a low-rank map. */
  readonly capture?: ((pair: GradientPair) => void) | undefined;
  /** Operands and results of the forward pass; undefined when no backward pass follows. */
  readonly held?: Held | undefined;
}

/** What the forward pass held. */
export function heldBy(attrs: unknown): Held {
  const { held } = attrs as { held?: Held };
  if (held) return held;
  throw new Error(
    "Cannot differentiate an operation of the engine: expected Engine.gradients around it, got a " +
      "gradient function of TensorFlow.js",
  );
}

/**
 * Frees what the backward pass of the previous operation needed: by now it is over. Without this a
 * pass would hold all upstream gradients until it ends, and stream them through the caches.
 *
 * An upstream gradient is freed only if it was made here, as the gradient of an operation's data:
 * then the operation that made the data is the only one to read it.
 */
export class Leftovers {
  #tensors: TfTensor[] = [];
  readonly #dataGradients: WeakSet<TfTensor> = new WeakSet();

  /** Notes the gradient of an operation's data. */
  dataGradient(t: TfTensor): TfTensor {
    this.#dataGradients.add(t);
    return t;
  }

  /** Frees the tensors of the previous operation. */
  free(): void {
    for (const t of this.#tensors) t.dispose();
    this.#tensors = [];
  }

  /** Notes what this operation leaves: the gradient it was given, and intermediate results. */
  note(dy: TfTensor, ...others: TfTensor[]): void {
    this.#tensors = others.filter((t) => t !== dy);
    if (this.#dataGradients.has(dy)) this.#tensors.push(dy);
  }
}

/** Of the pass under way. */
export const leftovers = new Leftovers();

/** Frees what the last operation of a pass left. */
export function endOfPass(): void {
  leftovers.free();
}

/** op(A) op(B), without the argument checks of the public function. */
export function product(
  tf: Tf,
  a: TfTensor,
  b: TfTensor,
  transposeA = false,
  transposeB = false,
): TfTensor {
  return runOne(tf, "BatchMatMul", { a, b }, { transposeA, transposeB });
}

/** Runs a kernel with one output. */
export function runOne(tf: Tf, name: string, inputs: TensorMap, attrs = {}): TfTensor {
  return runtimeOf(tf).runKernel(name, inputs, attrs) as TfTensor;
}

/** D = dY ∘ act′(Y) and its column sums where there is a bias. */
export function upstream(
  tf: Tf,
  dy: TfTensor,
  y: TfTensor,
  activation: Activation,
  columnSums: boolean,
): { d: TfTensor; db: () => TfTensor } {
  if (activation === "identity") {
    return { d: dy, db: () => runOne(tf, KERNEL.columnSums, { x: dy }) };
  }
  const attrs = { activation, columnSums };
  const outputs = runtimeOf(tf).runKernel(KERNEL.activationGrad, { dy, y }, attrs) as TfTensor[];
  return { d: outputs[0]!, db: () => outputs[1]! };
}

/** A pair of tensors of another kind. */
type PairOf<T> = { readonly [K in keyof GradientPair]: T };

/** Gives the pair away under handles of its own, so that this pass may still use the data. */
export function handOver(
  tf: Tf,
  capture: (pair: GradientPair) => void,
  { x, d, xu, dv, dxu, z }: PairOf<TfTensor>,
): void {
  const own = (t: TfTensor) => outer(share(tf, t));
  const chain = { ...dxu ? { dxu: own(dxu) } : {}, ...z ? { z: own(z) } : {} };
  capture({ x: own(x), d: own(d), xu: own(xu), dv: own(dv), ...chain });
}
