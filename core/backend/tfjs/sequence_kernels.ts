/**
 * Operations on sequences, composed from plain operations.
 *
 * @module
 */

import { KERNEL } from "./names.ts";
import { type SmoothForm, TANGENT_CUBE, TANGENT_SCALE } from "./smooth.ts";
import type { Composed, Tf, TfTensor } from "./types.ts";

/** tanh √(2/π)(x + 0.044715 x³). */
function tangent(tf: Tf, x: TfTensor): TfTensor {
  const cubic = tf.mul(x, tf.add(1, tf.mul(TANGENT_CUBE, tf.square(x))));
  return tf.tanh(tf.mul(TANGENT_SCALE, cubic));
}

/** The distribution function of the normal distribution. */
function normal(tf: Tf, x: TfTensor): TfTensor {
  return tf.mul(0.5, tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
}

const smooth: Composed = (tf, { x }, a) => {
  switch (a.form as SmoothForm) {
    case "gelu-exact":
      return tf.mul(x!, normal(tf, x!));
    case "gelu-tanh":
      return tf.mul(tf.mul(0.5, x!), tf.add(1, tangent(tf, x!)));
    case "silu":
      return tf.mul(x!, tf.sigmoid(x!));
  }
};

function smoothSlope(tf: Tf, x: TfTensor, form: SmoothForm): TfTensor {
  switch (form) {
    case "gelu-exact": {
      const density = tf.mul(0.5 * Math.SQRT1_2 * Math.sqrt(4 / Math.PI), bell(tf, x));
      return tf.add(normal(tf, x), tf.mul(x, density));
    }
    case "gelu-tanh": {
      const t = tangent(tf, x);
      const inner = tf.add(TANGENT_SCALE, tf.mul(3 * TANGENT_CUBE * TANGENT_SCALE, tf.square(x)));
      const rest = tf.mul(tf.mul(x, tf.sub(1, tf.square(t))), inner);
      return tf.mul(0.5, tf.add(tf.add(1, t), rest));
    }
    case "silu": {
      const s = tf.sigmoid(x);
      return tf.mul(s, tf.add(1, tf.mul(x, tf.sub(1, s))));
    }
  }
}

/** e^(−x²/2). */
function bell(tf: Tf, x: TfTensor): TfTensor {
  return tf.exp(tf.mul(-0.5, tf.square(x)));
}

/** Entries of the one-hot rows that are there at a time. */
const ONE_HOT_ENTRIES = 2 ** 24;

/**
 * Sums the rows of dy that share a number, as products with one-hot rows: their order is that of the
 * product, where a sum over segments may add them as they come.
 */
const gatherGrad: Composed = (tf, { dy, ids }, a) => {
  const rows = a.rows as number;
  const width = dy!.shape.at(-1)!;
  const [flat, terms] = [tf.reshape(ids!, [-1]), tf.reshape(dy!, [-1, width])];
  if (flat.size === 0) return tf.zeros([rows, width]);
  const step = Math.max(2, Math.floor(ONE_HOT_ENTRIES / flat.size));
  const parts: TfTensor[] = [];
  for (let first = 0; first < rows; first += step) {
    const count = Math.min(step, rows - first);
    const shifted = tf.cast(tf.sub(flat, tf.scalar(first, "int32")), "int32");
    // TensorFlow.js refuses rows of one entry.
    const hot = tf.slice(tf.cast(tf.oneHot(shifted, Math.max(2, count)), "float32"), [0, 0], [
      flat.size,
      count,
    ]);
    parts.push(tf.matMul(hot, terms, true));
  }
  return parts.length === 1 ? parts[0]! : tf.concat(parts, 0);
};

/** (x − mean) / √(variance + ε), or x / √(mean of x² + ε), and what x was multiplied with. */
function standardRows(
  tf: Tf,
  x: TfTensor,
  epsilon: number,
  centred: boolean,
): { standard: TfTensor; inverse: TfTensor } {
  const rest = centred ? tf.sub(x, tf.mean(x, -1, true)) : x;
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(rest), -1, true), epsilon));
  return { standard: tf.mul(rest, inverse), inverse };
}

const rowNorm: Composed = (tf, { x, scale, shift }, a) => {
  const { standard } = standardRows(tf, x!, a.epsilon as number, a.centred as boolean);
  const scaled = scale ? tf.mul(standard, scale) : standard;
  return shift ? tf.add(scaled, shift) : scaled;
};

/** Outputs the gradient in x and those in the scale and the shift that are there. */
const rowNormGrad: Composed = (tf, { dy, x, scale }, a) => {
  const { standard, inverse } = standardRows(tf, x!, a.epsilon as number, a.centred as boolean);
  const p = scale ? tf.mul(dy!, scale) : dy!;
  const along = tf.mul(standard, tf.mean(tf.mul(p, standard), -1, true));
  const rest = a.centred ? tf.sub(p, tf.mean(p, -1, true)) : p;
  const rows = (t: TfTensor) => tf.sum(tf.reshape(t, [-1, x!.shape.at(-1)!]), 0);
  const outputs = [tf.mul(inverse, tf.sub(rest, along))];
  if (scale) outputs.push(rows(tf.mul(dy!, standard)));
  if (a.shift) outputs.push(rows(dy!));
  return outputs;
};

const rotary: Composed = (tf, { x, cos, sin }, a) => {
  const turn = a.back ? tf.neg(sin!) : sin!;
  const half = x!.shape.at(-1)! / 2;
  const split = a.pairing === "half-split";
  const pairs = tf.reshape(x!, [...x!.shape.slice(0, -1), ...split ? [2, half] : [half, 2]]);
  const axis = split ? -2 : -1;
  const [u, v] = tf.unstack(pairs, x!.rank + 1 + axis) as [TfTensor, TfTensor];
  const first = tf.sub(tf.mul(u, cos!), tf.mul(v, turn));
  const second = tf.add(tf.mul(v, cos!), tf.mul(u, turn));
  return tf.reshape(tf.stack([first, second], x!.rank + 1 + axis), x!.shape);
};

/**
 * Products of batches. TensorFlow.js lets several leading axes broadcast only where all of them do:
 * else operands are spread first.
 */
const batchMatMul: Composed = (tf, { a, b }, { transposeA, transposeB }) => {
  const leading = a!.shape.slice(0, -2).map((n, axis) => n === 1 ? b!.shape[axis]! : n);
  const spread = (x: TfTensor) => {
    const whole = leading.every((n, axis) => n === x.shape[axis]);
    const single = x.shape.slice(0, -2).every((n) => n === 1);
    return whole || single ? x : tf.broadcastTo(x, [...leading, ...x.shape.slice(-2)]);
  };
  return tf.matMul(spread(a!), spread(b!), transposeA as boolean, transposeB as boolean);
};

/** Kernels of this file by name. */
export const sequenceKernels: Readonly<Record<string, Composed>> = {
  [KERNEL.batchMatMul]: batchMatMul,
  [KERNEL.gather]: (tf, { table, ids }) => tf.gather(table!, ids!),
  [KERNEL.gatherGrad]: gatherGrad,
  [KERNEL.smooth]: smooth,
  [KERNEL.smoothGrad]: (tf, { dy, x }, a) => tf.mul(dy!, smoothSlope(tf, x!, a.form as SmoothForm)),
  [KERNEL.rowNorm]: rowNorm,
  [KERNEL.rowNormGrad]: rowNormGrad,
  [KERNEL.rotary]: rotary,
};
