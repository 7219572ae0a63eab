import {
  complexAlgebra,
  type ComplexMatrix,
  complexMatrix,
  complexScale,
  denseField,
  type Matrix,
  matrixOf,
  openHostAlgebra,
  Random,
  toDense,
} from "../../core/mod.ts";
import { flowProblem, type OdeProblem, odeProblems, referenceSolution } from "./problem.ts";

const SIZE = 64;

/** The discrete Schrödinger equation of the paper on the rank-adaptive BUG integrator. */
export const schroedinger: OdeProblem = odeProblems.add({
  name: "schroedinger",
  description: "i Y' = D Y + Y Dᵀ + V Y V in complex numbers, singular values 10⁻¹ … 10⁻⁶⁴",
  title: "Discrete Schrödinger equation",
  text: "i Y′ = DY + YDᵀ + VYV on 64×64 complex matrices, D = ½ tridiag(−1, 2, −1), " +
    "V = diag(1 − cos xⱼ), singular values 10⁻¹, 10⁻², … at the start (Ceruti, Kusch, Lubich " +
    "2022). The potential is not tangent to the manifold.",
  duration: 1,
  rank: 14,
  async open(seed) {
    const a = complexAlgebra(await openHostAlgebra());
    const random = new Random(seed);
    const basis = (): Promise<ComplexMatrix> =>
      a.orthonormalize(complexMatrix(matrixOf(SIZE, SIZE, () => random.uniform())));
    const sigma = Array.from({ length: SIZE }, (_, i) => 10 ** -(i + 1));
    const [u, v] = [await basis(), await basis()];
    const y0 = a.multiply(a.multiply(u, a.diagonal(sigma)), v, { transposeRight: true });
    const start = a.scale(1 / await a.norm(y0), y0);
    const end = referenceSolution(a, hamiltonian, start, 1, 200);
    return flowProblem({
      algebra: a,
      f: (_t, y) => denseField(a, hamiltonian(toDense(a, y))),
      start,
      end,
      t1: 1,
    });
  },
});

/** −i (D Y + Y Dᵀ + V Y V); real and imaginary parts do not mix but in the factor −i. */
function hamiltonian(y: ComplexMatrix): ComplexMatrix {
  const re = stencil({ rows: SIZE, cols: SIZE, data: y.re });
  const im = stencil({ rows: SIZE, cols: SIZE, data: y.im });
  return complexScale(0, -1, complexMatrix(re, im));
}

const POTENTIAL = Float64Array.from(
  { length: SIZE },
  (_, j) => 1 - Math.cos(2 * Math.PI * (j - SIZE / 2) / SIZE),
);

function stencil({ data: y }: Matrix): Matrix {
  return matrixOf(SIZE, SIZE, (i, j) => {
    const k = i * SIZE + j;
    let sum = (2 + POTENTIAL[i]! * POTENTIAL[j]!) * y[k]!;
    if (i > 0) sum -= 0.5 * y[k - SIZE]!;
    if (i < SIZE - 1) sum -= 0.5 * y[k + SIZE]!;
    if (j > 0) sum -= 0.5 * y[k - 1]!;
    if (j < SIZE - 1) sum -= 0.5 * y[k + 1]!;
    return sum;
  });
}
