/**
 * Operations on sequences of tokens over TensorFlow.js.
 *
 * @module
 */

import type { MatMulOptions, Tensor } from "../engine.ts";
import type { GeluForm, RotaryPairing, ScoreOptions, SequenceOperations } from "../sequences.ts";
import { KERNEL } from "./names.ts";
import {
  expectAttention,
  expectAxes,
  expectBatches,
  expectNorm,
  expectRotary,
  expectRows,
  expectTable,
} from "./sequence_checks.ts";
import {
  type Attributes,
  inner,
  operands,
  outer,
  type TensorMap,
  type Tf,
  type TfTensor,
} from "./types.ts";

/** The part of an engine that works on sequences; how kernels run is left to the whole. */
export abstract class SequenceEngine implements SequenceOperations {
  /** Whether tensors can be read without waiting. */
  protected abstract readonly readsAtOnce: boolean;

  /** Makes this backend run kernels, if another engine ran meanwhile: it is done at once. */
  protected abstract select(): Tf;

  /** Runs a kernel that holds its operands and its result for the backward pass. */
  protected abstract runHolding(kernel: string, inputs: TensorMap, attributes: Attributes): Tensor;

  batchMatMul(a: Tensor, b: Tensor, options: MatMulOptions = {}): Tensor {
    expectBatches(a, b, options);
    const { transposeLeft = false, transposeRight = false } = options;
    const attributes = { transposeA: transposeLeft, transposeB: transposeRight };
    return this.runHolding(KERNEL.batchMatMul, operands({ a, b }, null), attributes);
  }

  permute(x: Tensor, axes: readonly number[]): Tensor {
    expectAxes(x, axes);
    return outer(this.select().transpose(inner(x), [...axes]));
  }

  softmax(x: Tensor): Tensor {
    return outer(this.select().softmax(inner(x)));
  }

  gather(table: Tensor, ids: Tensor): Tensor {
    expectTable(table, ids);
    if (this.readsAtOnce) expectRows(inner(ids).dataSync<"int32">(), table.shape[0]!);
    const inputs = operands({ table, ids }, null);
    return this.runHolding(KERNEL.gather, inputs, { rows: table.shape[0]! });
  }

  gelu(x: Tensor, form: GeluForm): Tensor {
    if (form !== "exact" && form !== "tanh") {
      throw new RangeError(`Cannot apply gelu of the form "${form}": expected "exact" or "tanh"`);
    }
    return this.runHolding(KERNEL.smooth, { x: inner(x) }, { form: `gelu-${form}` });
  }

  silu(x: Tensor): Tensor {
    return this.runHolding(KERNEL.smooth, { x: inner(x) }, { form: "silu" });
  }

  layerNorm(x: Tensor, scale: Tensor | null, shift: Tensor | null, epsilon: number): Tensor {
    expectNorm(x, [scale, shift], epsilon);
    return this.runHolding(KERNEL.rowNorm, present({ x, scale, shift }), {
      epsilon,
      centred: true,
    });
  }

  rmsNorm(x: Tensor, scale: Tensor | null, epsilon: number): Tensor {
    expectNorm(x, [scale], epsilon);
    return this.runHolding(KERNEL.rowNorm, present({ x, scale }), { epsilon, centred: false });
  }

  rotary(x: Tensor, cos: Tensor, sin: Tensor, pairing: RotaryPairing): Tensor {
    expectRotary(x, cos, sin, pairing);
    const inputs = operands({ x, cos, sin }, null);
    return this.runHolding(KERNEL.rotary, inputs, { pairing, back: false });
  }

  attention(q: Tensor, k: Tensor, v: Tensor, options: ScoreOptions): Tensor {
    expectAttention(q, k, v, options);
    const { scale, causal = false, mask, bias } = options;
    const tf = this.select();
    const inputs = operands({ q, k, v }, null);
    if (mask) inputs.mask = asFloats(tf, inner(mask));
    if (bias) inputs.bias = withFourAxes(tf, inner(bias));
    return this.runHolding(KERNEL.attention, inputs, { scale, causal });
  }
}

/** The operands that are there. */
function present(tensors: Record<string, Tensor | null>): TensorMap {
  const entries = Object.entries(tensors).filter(([, t]) => t !== null);
  return Object.fromEntries(entries.map(([name, t]) => [name, inner(t!)]));
}

function asFloats(tf: Tf, mask: TfTensor): TfTensor {
  return mask.dtype === "float32" ? mask : tf.cast(mask, "float32");
}

function withFourAxes(tf: Tf, bias: TfTensor): TfTensor {
  if (bias.rank === 4) return bias;
  return tf.reshape(bias, [...Array(4 - bias.rank).fill(1), ...bias.shape]);
}
