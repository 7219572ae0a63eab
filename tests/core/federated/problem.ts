/** Small federations of quadratic losses ½ ‖A_c (W − T_c) B_c‖², for tests. */

import {
  type Algebra,
  type Correction,
  denseField,
  type DenseTensor,
  denseTensor,
  denseTensorField,
  type Federation,
  type Holder,
  hostAlgebra,
  hostFederation,
  type LowRank,
  matricesFlow,
  type Matrix,
  matrix,
  matrixFlow,
  noCorrection,
  type OptimizerRule,
  Random,
  relativeFrobenius,
  type SharedMatrix,
  type SharedTucker,
  type SharedWeight,
  toDense,
  tuckerFlow,
  type TuckerTensor,
  tuckerToDense,
  type WeightPlan,
} from "../../../core/mod.ts";
import { sgd } from "../../../optimizers/mod.ts";

export const a: Algebra<Matrix> = hostAlgebra();
export const random: Random = new Random(11);

export const gaussian = (name: string, rows: number, cols: number): Matrix =>
  matrix(random.fork(name).fillNormal(new Float64Array(rows * cols)), rows, cols);

/** A point of rank r with well separated singular values. */
export async function lowRankPoint(m: number, n: number, r: number): Promise<LowRank<Matrix>> {
  const u = await a.orthonormalize(gaussian("u", m, r));
  const v = await a.orthonormalize(gaussian("v", n, r));
  return { u, s: a.diagonal(Float64Array.from({ length: r }, (_, i) => 1 + i)), v };
}

/** A client's data: the weight is drawn to a target, more in some directions than in others. */
export interface Pull {
  readonly target: Matrix;
  readonly left: Matrix;
}

export const pull = (client: number, m: number, n: number): Pull => ({
  target: gaussian(`target ${client}`, m, n),
  left: a.multiply(gaussian(`left ${client}`, m, m), gaussian(`left ${client}`, m, m), {
    transposeLeft: true,
  }),
});

export const lossOf = ({ target, left }: Pull, w: Matrix): number => {
  const d = a.lincomb(1, w, -1, target);
  const g = a.multiply(left, d);
  return d.data.reduce((sum, x, i) => sum + x * g.data[i]!, 0) / 2;
};

/** Minus the gradient. */
export const pullFlow = ({ target, left }: Pull, w: Matrix): Matrix =>
  a.multiply(left, a.lincomb(1, target, -1, w));

/** The matrix that a weight stands for. */
export const whole = (weight: SharedWeight<Matrix>): Matrix =>
  "y" in weight ? toDense(a, (weight as SharedMatrix<Matrix>).y) : weight.parts[0]!;

/** A client whose one weight "w" is a matrix, low-rank or not. */
export function matrixHolder(p: Pull, count = 10): Holder<Matrix> {
  return {
    count,
    look({ w: weight }) {
      const w = whole(weight!);
      const f = pullFlow(p, w);
      const flow = "y" in weight!
        ? matrixFlow((weight as SharedMatrix<Matrix>).y, denseField(a, f))
        : matricesFlow([f]);
      return Promise.resolve({ loss: lossOf(p, w), flows: { w: flow }, dispose: () => {} });
    },
  };
}

/** A client whose one weight "w" is a Tucker tensor, drawn to a dense one. */
export function tuckerHolder(target: DenseTensor<Matrix>, strength = 1): Holder<Matrix> {
  return {
    count: 10,
    look({ w: weight }) {
      const { y } = weight as SharedTucker<Matrix>;
      const data = a.lincomb(strength, target.data, -strength, tuckerToDense(a, y).data);
      const f = denseTensorField(a, { shape: target.shape, data });
      return Promise.resolve({
        loss: 0,
        flows: { w: tuckerFlow(a, y, f) },
        dispose: () => {},
      });
    },
  };
}

/** A random Tucker tensor with orthonormal factors. */
export async function tuckerPoint(
  shape: readonly number[],
  ranks: readonly number[],
): Promise<TuckerTensor<Matrix>> {
  const size = ranks.reduce((n, r) => n * r, 1);
  const core = denseTensor(a, random.fork("core").fillNormal(new Float64Array(size)), ranks);
  const factors = [];
  for (const [k, n] of shape.entries()) {
    factors.push(await a.orthonormalize(gaussian(`factor ${k}`, n, ranks[k]!)));
  }
  return { core, factors };
}

/** A dense random tensor. */
export function tensor(name: string, shape: readonly number[]): DenseTensor<Matrix> {
  const size = shape.reduce((n, d) => n * d, 1);
  return denseTensor(a, random.fork(name).fillNormal(new Float64Array(size)), shape);
}

/** A federation of "w" that truncates nothing unless told. */
export function federationOf(
  correction: Correction = noCorrection,
  plan: WeightPlan = {},
  rule: OptimizerRule = sgd.create(),
): Federation<Matrix> {
  const truncation = { rule: relativeFrobenius, tolerance: 1e-13 };
  return hostFederation(a, { rule, correction, plans: { w: { truncation, ...plan } } });
}
