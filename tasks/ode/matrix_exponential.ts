import {
  type Algebra,
  denseField,
  euler,
  type Integrator,
  type LowRank,
  lowRankOf,
  type Matrix,
  matrixExponential as exponential,
  matrixOf,
  openHostAlgebra,
  Random,
  relativeFrobenius,
  type RightHandSide,
  separableField,
  stepOde,
} from "../../core/mod.ts";
import { bestError, flowProblem, type OdeProblem, odeProblems, relativeError } from "./problem.ts";

const SIZE = 100;

/**
 * A(t) = e^{tW₁} e^t D e^{tW₂}ᵀ with skew-symmetric W and D = diag(2⁻¹ … 2⁻ⁿ), from the papers on
 * projector splitting and BUG; singular values fall below any rank, which no integrator may feel.
 */
export const exponentialFlow: OdeProblem = odeProblems.add({
  name: "matrix-exponential",
  description: "Y' = W₁ Y + Y + Y W₂ᵀ with singular values 2⁻¹ … 2⁻¹⁰⁰",
  title: "Product of matrix exponentials",
  text: "Y′ = W₁Y + Y + YW₂ᵀ on 100×100 matrices, W skew-symmetric of norm about one, " +
    "Y(0) = diag(2⁻¹ … 2⁻¹⁰⁰). F is tangent to the manifold: projector splitting is exact up to " +
    "the sub-flows (Lubich, Oseledets 2014; Ceruti, Lubich 2022).",
  duration: 1,
  rank: 20,
  async open(seed) {
    const a = await openHostAlgebra();
    const { w1, w2, start } = factors(seed, 1 / Math.sqrt(4 * SIZE));
    const terms = [
      { left: (x: Matrix) => a.lincomb(1, a.multiply(w1, x), 1, x) },
      { right: (x: Matrix) => a.multiply(w2, x) },
    ];
    const f: RightHandSide<Matrix> = (_t, y) => separableField(a, y, terms);
    const [left, right] = [await exponential(a, w1), await exponential(a, w2)];
    const end = rotated(a, left, a.scale(Math.E, start), right);
    return flowProblem({ algebra: a, f, start, end, t1: 1 });
  },
});

/**
 * The same A(t) given by its increments: one Euler step of F = ΔA / dt in every sub-flow, faster
 * rotations. Methods that are exact on flows of the working rank stay at the best error.
 */
export const increments: OdeProblem = odeProblems.add({
  name: "increments",
  description: "A(t) given by its increments; exact methods stay at the best error",
  title: "Following given matrices",
  text: "A(t) = e^{tW₁} eᵗ D e^{tW₂}ᵀ on 100×100 matrices with W of norm about four, given by " +
    "its increments over each step. Methods that reproduce matrices of their rank exactly reach " +
    "the best approximation at any step size, however small its singular values.",
  duration: 1,
  rank: 20,
  async open(seed) {
    const a = await openHostAlgebra();
    const { w1, w2, start } = factors(seed, 4 / Math.sqrt(4 * SIZE));
    const end = a.scale(
      Math.E,
      rotated(a, await exponential(a, w1), start, await exponential(a, w2)),
    );
    return {
      best: (rank) => bestError(a, end, rank),
      async solve(integrator, rank, steps) {
        const dt = 1 / steps;
        const left = await exponential(a, a.scale(dt, w1));
        const right = await exponential(a, a.scale(dt, w2));
        const next = (x: Matrix): Matrix => a.scale(Math.exp(dt), rotated(a, left, x, right));
        const y = await follow(a, integrator, start, rank, steps, next);
        return await relativeError(a, y, end);
      },
    };
  },
});

/** Steps along the increments of start, next(start), …; dt = 1 with F = ΔA is the same step. */
async function follow(
  a: Algebra<Matrix>,
  integrator: Integrator,
  start: Matrix,
  rank: number,
  steps: number,
  next: (x: Matrix) => Matrix,
): Promise<LowRank<Matrix>> {
  const truncation = { rule: relativeFrobenius, tolerance: 0, maxRank: rank };
  let y = await lowRankOf(a, start, rank);
  let now = start;
  for (let i = 0; i < steps; i++) {
    const after = next(now);
    const f = denseField(a, a.lincomb(1, after, -1, now));
    y = (await stepOde(a, integrator, () => f, y, 0, 1, { stepper: euler, truncation })).y;
    now = after;
  }
  return y;
}

/** Random skew-symmetric W₁, W₂ with entries of the given scale, and D. */
function factors(seed: number, scale: number): { w1: Matrix; w2: Matrix; start: Matrix } {
  const random = new Random(seed);
  const skew = (): Matrix => {
    const b = Array.from({ length: SIZE * SIZE }, () => scale * random.normal());
    return matrixOf(SIZE, SIZE, (i, j) => (b[i * SIZE + j]! - b[j * SIZE + i]!) / Math.SQRT2);
  };
  const start = matrixOf(SIZE, SIZE, (i, j) => i === j ? 2 ** -(i + 1) : 0);
  return { w1: skew(), w2: skew(), start };
}

/** E₁ X E₂ᵀ. */
function rotated(a: Algebra<Matrix>, left: Matrix, x: Matrix, right: Matrix): Matrix {
  return a.multiply(a.multiply(left, x), right, { transposeRight: true });
}
