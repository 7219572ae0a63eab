/**
 * QR, SVD and Cholesky-QR by TensorFlow's own operations.
 *
 * @module
 */

import type { NativeLinalg, Tensor } from "../engine.ts";
import { inner, outer, type Tf, type TfTensor } from "../tfjs/types.ts";
import type { TensorflowBackend } from "./addon.ts";
import { type Attributes, attributesOf, operationsOf, type RunOperation } from "./operations.ts";

/**
 * Deviation ‖QᵀQ − I‖_F after one pass up to which a second pass restores orthogonality to
 * rounding: it squares the deviation.
 */
const SECOND_PASS_LIMIT = 0.3;

/** What the factorisations need. */
interface Context {
  readonly tf: Tf;
  readonly run: RunOperation;
  readonly attributes: Attributes;
}

/** Makes the factorisations of a backend that is ready. */
export function tensorflowLinalg(tf: Tf, backend: TensorflowBackend): NativeLinalg {
  const c = { tf, run: operationsOf(backend), attributes: attributesOf(backend) };
  const thin = c.attributes.flag("full_matrices", false);
  const withVectors = c.attributes.flag("compute_uv", true);
  return {
    qr(a: Tensor): { q: Tensor; r: Tensor } {
      const [q, r] = c.run("Qr", [inner(a)], [thin], 2);
      return { q: outer(q!), r: outer(r!) };
    },
    svd(a: Tensor): { p: Tensor; sigma: Float64Array; q: Tensor } {
      const [sigma, p, q] = c.run("Svd", [inner(a)], [withVectors, thin], 3);
      const values = Float64Array.from(sigma!.dataSync());
      sigma!.dispose();
      return { p: outer(p!), sigma: values, q: outer(q!) };
    },
    choleskyQr(a: Tensor): Tensor | undefined {
      const found = tf.tidy(() => {
        const q = choleskyQr(c, inner(a));
        return q ? [q] : [];
      });
      return found[0] && outer(found[0]);
    },
  };
}

function choleskyQr(c: Context, a: TfTensor): TfTensor | undefined {
  const once = pass(c, a, gram(c, a));
  if (!once) return undefined;
  const again = gram(c, once);
  // The comparison is false for NaN, which a failed factorisation leaves behind on some devices.
  if (!(deviation(again) < SECOND_PASS_LIMIT)) return undefined;
  return pass(c, once, again);
}

function gram({ tf }: Context, a: TfTensor): TfTensor {
  return tf.matMul(a, a, true, false);
}

/** A L⁻ᵀ with L Lᵀ = AᵀA: the small triangle is inverted, the large product stays a product. */
function pass(c: Context, a: TfTensor, g: TfTensor): TfTensor | undefined {
  const l = cholesky(c, g);
  if (!l) return undefined;
  const { flag } = c.attributes;
  const attributes = [flag("lower", true), flag("adjoint", false)];
  const inverse = c.run("MatrixTriangularSolve", [l, identity(c.tf, g)], attributes)[0]!;
  return c.tf.matMul(a, inverse, false, true);
}

function cholesky({ run }: Context, g: TfTensor): TfTensor | undefined {
  try {
    return run("Cholesky", [g])[0]!;
  } catch {
    return undefined; // Its only failure is a matrix that is not positive definite.
  }
}

/** The identity of the extent of a square matrix. */
function identity(tf: Tf, { shape }: TfTensor): TfTensor {
  const n = shape[0]!;
  const data = new Float32Array(n * n);
  for (let i = 0; i < n; i++) data[i * n + i] = 1;
  return tf.tensor2d(data, [n, n]);
}

/** ‖G − I‖_F, on the host: a small matrix to read, where the device would need four operations. */
function deviation(g: TfTensor): number {
  const n = g.shape[0]!;
  const data = g.dataSync();
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += (data[i]! - (i % (n + 1) === 0 ? 1 : 0)) ** 2;
  return Math.sqrt(sum);
}
