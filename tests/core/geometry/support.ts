/** What tests of manifolds share. */

import { type Algebra, type Matrix, matrix } from "../../../core/algebra/mod.ts";

export { inner, norm } from "../../support/matrices.ts";

/** Reads a matrix to the host. */
export async function toHost<M>(a: Algebra<M>, x: M): Promise<Matrix> {
  return matrix(await a.read(x), a.rows(x), a.cols(x));
}

/** Reads matrices to the host. */
export async function hostDense<M>(a: Algebra<M>, xs: readonly M[]): Promise<Matrix[]> {
  const out: Matrix[] = [];
  for (const x of xs) out.push(await toHost(a, x));
  return out;
}
