/** Seeded tensors that tests share, and tensor operations by their definition. */

import type { Algebra, Matrix } from "../../core/algebra/mod.ts";
import {
  type DenseTensor,
  denseTensor,
  sizeOf,
  type TuckerTensor,
  tuckerToDense,
} from "../../core/tensors/mod.ts";
import type { Random } from "../../core/random.ts";
import { gaussian, host, orthonormal, relativeError } from "./matrices.ts";

/** A tensor on the host. */
export type HostTensor = DenseTensor<Matrix>;

/** Standard normal entries. */
export function gaussianTensor(random: Random, shape: readonly number[]): HostTensor {
  return denseTensor(host, random.fillNormal(new Float64Array(sizeOf(shape))), shape);
}

/** A random Tucker tensor with orthonormal factors and a Gaussian core. */
export async function randomTucker(
  random: Random,
  shape: readonly number[],
  ranks: readonly number[],
): Promise<TuckerTensor<Matrix>> {
  const factors: Matrix[] = [];
  for (const [k, n] of shape.entries()) factors.push(await orthonormal(random, n, ranks[k]!));
  return { core: gaussianTensor(random, ranks), factors };
}

/** A Tucker tensor whose factors are any matrices. */
export function looseTucker(
  random: Random,
  shape: readonly number[],
  ranks: readonly number[],
): TuckerTensor<Matrix> {
  const factors = shape.map((n, k) => gaussian(random, n, ranks[k]!));
  return { core: gaussianTensor(random, ranks), factors };
}

/** The full tensor, on the host. */
export function full(x: TuckerTensor<Matrix>): HostTensor {
  return tuckerToDense(host, x);
}

/** ‖x − y‖ / ‖y‖. */
export function tensorError(x: HostTensor, y: HostTensor): number {
  return relativeError(x.data, y.data);
}

/** A host tensor as one of the algebra. */
export function lift<M>(a: Algebra<M>, x: HostTensor): DenseTensor<M> {
  return denseTensor(a, x.data.data, x.shape);
}

/** A tensor of the algebra on the host. */
export async function lower<M>(a: Algebra<M>, x: DenseTensor<M>): Promise<HostTensor> {
  return denseTensor(host, await a.read(x.data), x.shape);
}

/** All index tuples of a shape, last index fastest. */
export function indices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, n) => all.flatMap((head) => Array.from({ length: n }, (_, i) => [...head, i])),
    [[]],
  );
}

/** Position of an index tuple in C order. */
export function position(index: readonly number[], shape: readonly number[]): number {
  return index.reduce((p, i, k) => p * shape[k]! + i, 0);
}

/** Unfolding by its definition: row = index of the mode, column = the others in C order. */
export function plainUnfold(t: HostTensor, mode: number): Matrix {
  const others = t.shape.filter((_, k) => k !== mode);
  const out = host.zeros(t.shape[mode]!, sizeOf(others));
  for (const index of indices(t.shape)) {
    const column = position(index.filter((_, k) => k !== mode), others);
    out.data[index[mode]! * out.cols + column] = t.data.data[position(index, t.shape)]!;
  }
  return out;
}

/** Mode product by its definition. */
export function plainModeProduct(t: HostTensor, u: Matrix, mode: number): HostTensor {
  const shape = t.shape.map((n, k) => k === mode ? u.rows : n);
  const out = new Float64Array(sizeOf(shape));
  for (const index of indices(t.shape)) {
    const x = t.data.data[position(index, t.shape)]!;
    for (let i = 0; i < u.rows; i++) {
      const to = position(index.map((j, k) => k === mode ? i : j), shape);
      out[to]! += u.data[i * u.cols + index[mode]!]! * x;
    }
  }
  return denseTensor(host, out, shape);
}

/** The tensor of a shape whose unfolding of a mode is given, by the definition. */
export function plainFold(x: Matrix, mode: number, shape: readonly number[]): HostTensor {
  const others = shape.filter((_, k) => k !== mode);
  const data = indices(shape).map((index) => {
    const column = position(index.filter((_, k) => k !== mode), others);
    return x.data[index[mode]! * x.cols + column]!;
  });
  return denseTensor(host, data, shape);
}
