import { denseField, type Matrix, matrixOf, openHostAlgebra, toDense } from "../../core/mod.ts";
import { flowProblem, type OdeProblem, odeProblems, referenceSolution } from "./problem.ts";

const SIZE = 48;
const DIFFUSION = 0.25;

/** A differential Riccati equation of a controlled rod: symmetric, nonlinear, driven. */
export const riccati: OdeProblem = odeProblems.add({
  name: "riccati",
  description: "Y' = A Y + Y Aᵀ + Q − Y B Y of a controlled rod",
  title: "Differential Riccati equation",
  text:
    "Y′ = AY + YAᵀ + Q − YBY on 48×48 matrices: A the discrete Laplacian of a rod, Q observes " +
    "it in three places and B acts on it in two. Symmetric and nonlinear, with a right-hand side " +
    "that is not tangent to the manifold.",
  duration: 1,
  rank: 14,
  async open() {
    const a = await openHostAlgebra();
    const [q, b] = [gramOf([0.2, 0.45, 0.8]), a.scale(4, gramOf([0.35, 0.7]))];
    const field = (y: Matrix): Matrix => {
      const linear = a.lincomb(1, heat(y), 1, q);
      return a.lincomb(1, linear, -1, a.multiply(a.multiply(y, b), y));
    };
    // Some time after the start from zero, where the solution has its decay of singular values.
    const start = referenceSolution(a, field, a.zeros(SIZE, SIZE), 0.5, 100);
    return flowProblem({
      algebra: a,
      f: (_t, y) => denseField(a, field(toDense(a, y))),
      start,
      end: referenceSolution(a, field, start, 1, 400),
      t1: 1,
    });
  },
});

/** A Y + Y Aᵀ for A = c tridiag(1, −2, 1). */
function heat({ data: y }: Matrix): Matrix {
  return matrixOf(SIZE, SIZE, (i, j) => {
    const k = i * SIZE + j;
    let sum = -4 * y[k]!;
    if (i > 0) sum += y[k - SIZE]!;
    if (i < SIZE - 1) sum += y[k + SIZE]!;
    if (j > 0) sum += y[k - 1]!;
    if (j < SIZE - 1) sum += y[k + 1]!;
    return DIFFUSION * SIZE * sum / 4;
  });
}

/** Σ g gᵀ of bumps at places on the unit interval. */
function gramOf(places: readonly number[]): Matrix {
  const bump = (i: number, place: number) => Math.exp(-(((i + 0.5) / SIZE - place) ** 2) / 0.005);
  return matrixOf(
    SIZE,
    SIZE,
    (i, j) => places.reduce((sum, p) => sum + bump(i, p) * bump(j, p), 0),
  );
}
