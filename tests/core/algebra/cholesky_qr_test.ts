import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { choleskyQr } from "../../../core/algebra/cholesky_qr.ts";
import {
  type Algebra,
  engineAlgebra,
  hostAlgebra,
  type Matrix,
  matrix,
  portableKernels,
} from "../../../core/algebra/mod.ts";
import { type Engine, openEngine } from "../../../core/backend/mod.ts";
import { orthogonalityDefect } from "../../../core/geometry/mod.ts";
import { Random } from "../../../core/random.ts";
import { onBackend } from "../../support/algebras.ts";
import { gaussian, host, orthonormal, relativeError, times } from "../../support/matrices.ts";

/** Backends without factorisations of their own: those that Cholesky-QR is for. */
const BACKENDS = ["cpu"];

/** A matrix with singular values 1 … 1/condition, in geometric progression. */
async function graded(rows: number, cols: number, condition: number): Promise<Matrix> {
  const random = new Random(Math.round(Math.log10(condition)));
  const sigma = Array.from({ length: cols }, (_, i) => condition ** (-i / (cols - 1)));
  const [u, v] = [await orthonormal(random, rows, cols), await orthonormal(random, cols, cols)];
  return times(u, host.diagonal(sigma), v);
}

/** A float64 algebra that counts how often it is asked for a QR factorisation. */
function counting(): { algebra: Algebra<Matrix>; calls: () => number } {
  let calls = 0;
  const qr = (x: Matrix) => (calls++, portableKernels.qr(x));
  return { algebra: hostAlgebra({ ...portableKernels, qr }), calls: () => calls };
}

async function withEngine(name: string, check: (engine: Engine) => Promise<void>): Promise<void> {
  const { engine } = await openEngine(name);
  await engine.scope(() => check(engine));
}

for (const name of BACKENDS) {
  for (const condition of [1, 1e2, 1e4, 1e6, 1e9, 1e15]) {
    const title = `choleskyQr() is orthonormal or undefined at condition ${condition}`;
    Deno.test({
      ...await onBackend(name, title),
      fn: () =>
        withEngine(name, async (engine) => {
          const a = engineAlgebra(engine);
          const x = await graded(80, 12, condition);
          const q = await choleskyQr(a, a.from(x.data, 80, 12));
          if (condition <= 1e4) assert(q, "a moderate condition needs no other way");
          if (q) assertLess(await orthogonalityDefect(a, q), 1e-6);
        }),
    });
  }

  Deno.test({
    ...await onBackend(name, "choleskyQr() gives up on zero columns and on NaN"),
    fn: () =>
      withEngine(name, async (engine) => {
        const a = engineAlgebra(engine);
        assertEquals(await choleskyQr(a, a.zeros(20, 3)), undefined);
        const x = host.hstack([gaussian(new Random(1), 20, 2), host.zeros(20, 1)]);
        assertEquals(await choleskyQr(a, a.from(x.data, 20, 3)), undefined);
        const bad = a.from(Float64Array.from({ length: 12 }, () => NaN), 6, 2);
        assertEquals(await choleskyQr(a, bad), undefined);
      }),
  });

  Deno.test({
    ...await onBackend(name, "choleskyQr() of dependent columns is orthonormal or undefined"),
    fn: () =>
      withEngine(name, async (engine) => {
        const a = engineAlgebra(engine);
        for (let seed = 1; seed <= 10; seed++) {
          const random = new Random(seed);
          const x = times(gaussian(random, 40, 3), gaussian(random, 3, 8));
          const q = await choleskyQr(a, a.from(x.data, 40, 8));
          if (!q) continue;
          assertLess(await orthogonalityDefect(a, q), 1e-6);
          const wide = matrix(await a.read(q), 40, 8);
          const back = times(wide, host.multiply(wide, x, { transposeLeft: true }));
          assertLess(relativeError(back, x), 1e-5);
        }
      }),
  });

  Deno.test({
    ...await onBackend(
      name,
      "orthonormalize() takes reflections exactly where choleskyQr() gives up",
    ),
    fn: () =>
      withEngine(name, async (engine) => {
        const { algebra, calls } = counting();
        const a = engineAlgebra(engine, algebra);
        const good = await graded(80, 12, 1e3);
        await a.orthonormalize(a.from(good.data, 80, 12));
        assertEquals(calls(), 0);
        const bad = host.hstack([gaussian(new Random(2), 80, 11), host.zeros(80, 1)]);
        const q = await a.orthonormalize(a.from(bad.data, 80, 12));
        assertEquals(calls(), 1);
        assertLess(await orthogonalityDefect(a, q), 1e-6);
      }),
  });

  Deno.test({
    ...await onBackend(name, "complement() takes reflections where choleskyQr() gives up"),
    fn: () =>
      withEngine(name, async (engine) => {
        const { algebra, calls } = counting();
        const a = engineAlgebra(engine, algebra);
        const u = await orthonormal(new Random(4), 30, 5);
        const own = a.from(u.data, 30, 5);
        const generic = gaussian(new Random(5), 30, 5);
        await a.complement(own, a.from(generic.data, 30, 5));
        assertEquals(calls(), 0);
        await a.complement(own, a.zeros(30, 5));
        assertEquals(calls(), 1);
        // More columns than room: those that fit are enough, if they are independent.
        const wide = gaussian(new Random(6), 30, 26);
        const rest = await a.complement(own, a.from(wide.data, 30, 26));
        assertEquals(calls(), 1);
        assertLess(await orthogonalityDefect(a, a.hstack([own, rest!])), 1e-6);
        await a.complement(own, a.zeros(30, 26));
        assertEquals(calls(), 2);
      }),
  });
}

Deno.test("choleskyQr() in float64 keeps the span of ill-conditioned columns", async () => {
  for (const condition of [1e2, 1e6, 1e7]) {
    const x = await graded(50, 8, condition);
    const q = await choleskyQr(host, x);
    assert(q, `condition ${condition}`);
    assertLess(await orthogonalityDefect(host, q), 1e-14);
    const back = host.multiply(q, host.multiply(q, x, { transposeLeft: true }));
    assertLess(relativeError(back, x), 1e-13);
  }
  const hopeless = await choleskyQr(host, await graded(50, 8, 1e16));
  if (hopeless) assertGreater(1e-13, await orthogonalityDefect(host, hopeless));
});
