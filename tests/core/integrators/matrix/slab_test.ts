/** Transport in a slab: what separable fields and rules with fixed vectors are for. */

import { assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import {
  augmentedBug,
  conservativeRule,
  euler,
  type LowRank,
  type Matrix,
  matrixOf,
  separableField,
  type SeparableTerm,
  stepOde,
} from "../../../../core/mod.ts";
import { gaussLegendre } from "../../../../core/windowing/quadrature.ts";
import { host, relativeError, times } from "../../../support/matrices.ts";

/**
 * ∂t ψ + μ ∂x ψ + ψ = φ / 2 on [−1.5, 1.5] without inflow, from a Gaussian: upwind differences on
 * equal cells, Gauss-Legendre directions, Y = ψ diag(√w). So φ = √2 Y e with e = √(w / 2).
 */
interface Slab {
  readonly terms: readonly SeparableTerm<Matrix>[];
  readonly start: LowRank<Matrix>;
  readonly e: Matrix;
  /** Scalar flux of each cell. */
  flux(y: LowRank<Matrix>): Matrix;
}

const WIDTH = 3;

async function slab(cells: number, directions: number): Promise<Slab> {
  const h = WIDTH / cells;
  const { nodes, weights } = gaussLegendre(directions);
  const e = matrixOf(directions, 1, (j) => Math.sqrt(weights[j]! / 2));
  const along = (forward: boolean) => (x: Matrix): Matrix =>
    matrixOf(x.rows, x.cols, (i, j) => {
      const at = (k: number): number => k < 0 || k >= x.rows ? 0 : x.data[k * x.cols + j]!;
      return (at(i + (forward ? 1 : -1)) - at(i)) / h;
    });
  const speeds = (sign: number) => (x: Matrix): Matrix =>
    matrixOf(x.rows, x.cols, (i, j) => Math.max(0, sign * nodes[i]!) * x.data[i * x.cols + j]!);
  const terms = [
    { left: along(false), right: speeds(1) },
    { left: along(true), right: speeds(-1) },
    { left: (x: Matrix) => host.scale(-1, x) },
    { right: (x: Matrix) => times(e, host.multiply(e, x, { transposeLeft: true })) },
  ];
  const place = (i: number): number => -WIDTH / 2 + (i + 0.5) * h;
  const density = (i: number): number =>
    Math.max(1e-4, Math.exp(-((place(i) / 0.03) ** 2) / 2) / (0.03 * Math.sqrt(2 * Math.PI)));
  // Bases for where the next steps lead, with singular values of zero.
  const u = await host.orthonormalize(
    matrixOf(cells, 8, (i, k) => density(i) * place(i) ** k),
  );
  const v = await host.orthonormalize(
    matrixOf(directions, 8, (j, k) => e.data[j]! * nodes[j]! ** k),
  );
  const flux = matrixOf(cells, 1, (i) => density(i) / Math.SQRT2);
  const s = times(
    host.multiply(u, flux, { transposeLeft: true }),
    host.multiply(e, v, { transposeLeft: true }),
  );
  return {
    terms,
    start: { u, s, v },
    e,
    flux: (y) =>
      host.scale(Math.SQRT2, times(y.u, y.s, host.multiply(y.v, e, { transposeLeft: true }))),
  };
}

const middle = (flux: Matrix): number =>
  (flux.data[flux.rows / 2 - 1]! + flux.data[flux.rows / 2]!) / 2;

Deno.test("transport in a slab keeps mass cell by cell and comes to the known flux", async () => {
  const { terms, start, e, flux } = await slab(200, 32);
  const rule = conservativeRule("of-mass", "keeps the flux", () => ({ right: e }));
  const o = { stepper: euler, truncation: { rule, tolerance: 1e-3 } };
  const rhs = (_t: number, y: LowRank<Matrix>) => separableField(host, y, terms);
  const [length, end] = [WIDTH / 200 / 2, 1];
  const ranks: number[] = [];
  let [y, worst] = [start, 0];
  for (let n = 0; n * length < end; n++) {
    const t = n * length;
    const dt = Math.min(length, end - t);
    const next = (await stepOde(host, augmentedBug, rhs, y, t, dt, o)).y;
    // e lies in the bases, so that the flux moves by F e whatever the truncation discards.
    const moved = host.scale(Math.SQRT2 * dt, separableField(host, y, terms).times(e));
    worst = Math.max(worst, relativeError(flux(next), host.lincomb(1, flux(y), 1, moved)));
    if ([0.25, 0.5, 0.75, 1].some((mark) => t < mark - 1e-9 && t + dt > mark - 1e-9)) {
      ranks.push(next.u.cols);
    }
    y = next;
  }
  assertLess(worst, 1e-12);
  // An independent double-precision code gives these ranks, and this flux in the middle.
  assertEquals(ranks, [14, 18, 20, 22]);
  assertAlmostEquals(middle(flux(y)), 0.681748335, 1e-8);
});
