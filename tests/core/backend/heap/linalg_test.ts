import { assert, assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import {
  backends,
  type Engine,
  type NativeLinalg,
  openEngine,
  type Tensor,
} from "../../../../core/backend/mod.ts";
import { Random } from "../../../../core/random.ts";
import {
  gaussianTensor,
  largestDifference,
  orthogonalityError,
  unlessPresent,
} from "../../../support/backend_checks.ts";

const ORTHONORMAL = 2e-6;

/** Backends with factorisations on a heap. */
const NAMES = ["blas", "wasm"];

/** Defines a test for each of them; the check may ask for less of one of them. */
async function withLinalg(
  title: string,
  f: (e: Engine, linalg: NativeLinalg) => Promise<void>,
  names: readonly string[] = NAMES,
): Promise<void> {
  for (const name of names) {
    Deno.test({
      ...await unlessPresent(backends.get(name), title),
      // The library and the engine stay for the life of the process.
      sanitizeResources: false,
      fn: async () => {
        const { engine } = await openEngine(name);
        assert(engine.linalg);
        const before = engine.memory().numTensors;
        await engine.scope(() => f(engine, engine.linalg!));
        assertEquals(engine.memory().numTensors, before);
      },
    });
  }
}

/** U diag(values) Vᵀ with random orthonormal U (m×k) and V (n×k). */
function withValues(e: Engine, m: number, n: number, values: readonly number[]): Tensor {
  const k = values.length;
  const u = e.linalg!.qr(gaussianTensor(e, [m, k], 1)).q;
  const v = e.linalg!.qr(gaussianTensor(e, [n, k], 2)).q;
  const scaled = e.mul(u, e.tensor(Float32Array.from(values), [k]));
  return e.matMul(scaled, v, { transposeRight: true });
}

const TALL = [[1, 1], [7, 5], [33, 32], [500, 32], [300, 64]] as const;

await withLinalg(
  "qr() gives orthonormal columns, an upper triangle and the matrix back",
  async (e, l) => {
    for (const [m, n] of TALL) {
      const a = gaussianTensor(e, [m, n], 3);
      const { q, r } = l.qr(a);
      assertLess(await orthogonalityError(e, q), ORTHONORMAL);
      assertLess(await largestDifference(e, e.matMul(q, r), a), 2e-5);
      const entries = await e.read(r);
      assert(entries.every((v, at) => at % n >= Math.floor(at / n) || v === 0));
    }
  },
);

await withLinalg("svd() finds known singular values and gives the matrix back", async (e, l) => {
  for (const [m, n] of [...TALL, [5, 7], [20, 90]] as const) {
    const k = Math.min(m, n);
    const values = Array.from({ length: k }, (_, i) => 3 * 0.8 ** i);
    const a = withValues(e, m, n, values);
    const { p, sigma, q } = (await l.svd(a))!;
    assertLess(await orthogonalityError(e, p), ORTHONORMAL);
    assertLess(await orthogonalityError(e, q), ORTHONORMAL);
    sigma.forEach((s, i) => assertLess(Math.abs(s - values[i]!), 1e-5));
    const scaled = e.mul(p, e.tensor(Float32Array.from(sigma), [k]));
    assertLess(await largestDifference(e, e.matMul(scaled, q, { transposeRight: true }), a), 1e-5);
  }
});

await withLinalg(
  "leftSvd() finds the left part of the SVD of wide matrices, small singular values included",
  async (e, l) => {
    for (const [m, n] of [[20, 90], [33, 40], [64, 300], [40, 40]] as const) {
      const values = Array.from({ length: m }, (_, i) => 3 * 0.7 ** i);
      const a = withValues(e, m, n, values);
      const { p, sigma } = (await l.leftSvd!(a))!;
      assertLess(await orthogonalityError(e, p), ORTHONORMAL);
      const plain = (await l.svd(a))!;
      sigma.forEach((s, i) => assertLess(Math.abs(s - plain.sigma[i]!), 5e-7));
      // Pᵀ A has orthogonal rows of those norms, without Q.
      const rows = e.matMul(p, a, { transposeLeft: true });
      const gram = await e.read(e.matMul(rows, rows, { transposeRight: true }));
      gram.forEach((g, at) => {
        const [i, j] = [Math.floor(at / m), at % m];
        assertLess(Math.abs(g - (i === j ? sigma[i]! ** 2 : 0)), 1e-5);
      });
    }
  },
);

await withLinalg(
  "leftSvd() leaves what is small or not finite to others",
  async (e, l) => {
    assertEquals(await l.leftSvd!(gaussianTensor(e, [4, 9], 1)), undefined);
    const entries = new Float32Array(40 * 90).fill(1);
    entries[17] = NaN;
    assertEquals(await l.leftSvd!(e.tensor(entries, [40, 90])), undefined);
  },
  ["blas"],
);

await withLinalg("leftSvd() refuses tall matrices", async (e, l) => {
  await assertRejects(
    () => l.leftSvd!(gaussianTensor(e, [9, 4], 1)),
    RangeError,
    "expected m ≤ n, got 9×4",
  );
});

await withLinalg("singular values of what is not finite are NaN", async (e, l) => {
  for (const [m, n] of [[5, 5], [40, 40], [9, 30], [30, 9]] as const) {
    for (const at of [0, 7, m * n - 1]) {
      const entries = new Float32Array(m * n).fill(1);
      entries[at] = Infinity;
      const { sigma } = (await l.svd(e.tensor(entries, [m, n])))!;
      assert(sigma.some(Number.isNaN), `${m}×${n}, entry ${at}: ${sigma}`);
    }
  }
});

await withLinalg(
  "inverseFactor() inverts the Cholesky factor and says how it is conditioned",
  async (e, l) => {
    for (const [m, n] of TALL) {
      const a = gaussianTensor(e, [m, n], 3);
      const gram = e.matMul(a, a, { transposeLeft: true });
      const { inverse, condition } = l.inverseFactor!(gram)!;
      const entries = await e.read(inverse);
      assert(entries.every((v, at) => at % n >= Math.floor(at / n) || v === 0));
      // A R⁻¹ is an orthonormal basis; orthonormal to the square of the condition.
      assertLess(await orthogonalityError(e, e.matMul(a, inverse)), 1e-4);
      const { sigma } = (await l.svd(a))!;
      const exact = Math.hypot(...sigma) * Math.hypot(...sigma.map((s) => 1 / s));
      assertLess(Math.abs(condition / exact - 1), 1e-3);
    }
    const flat = e.tensor(new Float32Array(9).fill(1), [3, 3]);
    assertEquals(l.inverseFactor!(flat), undefined);
    assertEquals(l.inverseFactor!(e.tensor(Float32Array.of(1, NaN, NaN, 1), [2, 2])), undefined);
    assertThrows(() => l.inverseFactor!(gaussianTensor(e, [3, 2], 1)), RangeError, "got 3×2");
  },
);

await withLinalg(
  "svd() of several matrices at once gives what one at a time gives",
  async (e, l) => {
    const matrices = [1, 2, 3, 4, 5].map((seed) => gaussianTensor(e, [40, 40], seed));
    const together = await Promise.all(matrices.map((a) => l.svd(a)));
    for (const [i, a] of matrices.entries()) {
      const alone = (await l.svd(a))!;
      assertEquals(together[i]!.sigma, alone.sigma);
      assertEquals(await e.read(together[i]!.p), await e.read(alone.p));
    }
  },
);

Deno.test({
  name:
    "wasm: SVD and bases are the same bit for bit for any number of threads, alone and together",
  sanitizeResources: false,
  fn: async () => {
    const results: unknown[] = [];
    for (const threads of [1, 2, 3, 2]) {
      const { engine } = await openEngine("wasm", { threads });
      await engine.scope(async () => {
        const matrices = [[40, 40], [70, 20], [5, 5], [20, 70], [64, 64], [33, 31]].map((
          shape,
          i,
        ) => gaussianTensor(engine, shape, i));
        const all = await Promise.all(matrices.map((a) => engine.linalg!.svd(a)));
        const u = engine.linalg!.choleskyQr(gaussianTensor(engine, [900, 70], 7))!;
        const q = engine.linalg!.complement!(u, gaussianTensor(engine, [900, 61], 8))!;
        results.push([await engine.read(u), await engine.read(q)]);
        results.push(
          await Promise.all(
            all.map(async (f) => [f!.sigma, await engine.read(f!.p), await engine.read(f!.q)]),
          ),
        );
      });
    }
    for (let i = 2; i < results.length; i++) assertEquals(results[i], results[i % 2]);
    await openEngine("wasm");
  },
});

await withLinalg("svd() survives the heap growing meanwhile", async (e, l) => {
  const a = gaussianTensor(e, [60, 60], 1);
  const { sigma } = (await l.svd(a))!;
  const pending = l.svd(a);
  e.zeros([3e7]).dispose();
  assertEquals((await pending)!.sigma, sigma);
});

await withLinalg(
  "choleskyQr() is orthonormal and spans the matrix up to condition 10⁴",
  async (e, l) => {
    for (const [m, n] of TALL) {
      const values = Array.from({ length: n }, (_, i) => 10 ** (-4 * i / Math.max(1, n - 1)));
      const a = withValues(e, m, n, values);
      const q = l.choleskyQr(a);
      assert(q, `${m}×${n}`);
      assertLess(await orthogonalityError(e, q), ORTHONORMAL);
      const back = e.matMul(q, e.matMul(q, a, { transposeLeft: true }));
      assertLess(await largestDifference(e, back, a), 1e-5);
    }
  },
);

await withLinalg("choleskyQr() does not mind columns of very different lengths", async (e, l) => {
  const a = gaussianTensor(e, [100, 12], 1);
  const lengths = Float32Array.from({ length: 12 }, (_, i) => 10 ** (6 - i));
  const q = l.choleskyQr(e.mul(a, e.tensor(lengths, [12])));
  assert(q);
  assertLess(await orthogonalityError(e, q), ORTHONORMAL);
});

await withLinalg("choleskyQr() of dependent columns gives up or completes them", async (e, l) => {
  const a = gaussianTensor(e, [50, 6], 1);
  const twice = e.concat([a, a], 1);
  const q = l.choleskyQr(twice);
  if (!q) return;
  assertLess(await orthogonalityError(e, q), ORTHONORMAL);
  const back = e.matMul(q, e.matMul(q, twice, { transposeLeft: true }));
  assertLess(await largestDifference(e, back, twice), 2e-5);
});

await withLinalg("choleskyQr() gives up on zeros and NaN", (e, l) => {
  assertEquals(l.choleskyQr(e.zeros([50, 3])), undefined);
  assertEquals(l.choleskyQr(e.fill([50, 3], NaN)), undefined);
  return Promise.resolve();
});

await withLinalg(
  "complement() is orthonormal, orthogonal to U and spans the rest",
  async (e, l) => {
    for (const [m, r, k] of [[2, 1, 1], [40, 8, 8], [500, 32, 32], [64, 32, 32]] as const) {
      const u = l.qr(gaussianTensor(e, [m, r], 1)).q;
      // Mostly within the span of U, as when a step is short.
      const inside = e.matMul(u, gaussianTensor(e, [r, k], 2));
      const a = e.lincomb(1, inside, 1e-3, gaussianTensor(e, [m, k], 3));
      const q = l.complement!(u, a);
      assert(q, `${m}, ${r}, ${k}`);
      const both = e.concat([u, q], 1);
      assertLess(await orthogonalityError(e, both), ORTHONORMAL);
      const back = e.matMul(both, e.matMul(both, a, { transposeLeft: true }));
      assertLess(await largestDifference(e, back, a), 2e-5);
    }
  },
);

await withLinalg("complement() gives up where A adds nothing", (e, l) => {
  const u = l.qr(gaussianTensor(e, [40, 8], 1)).q;
  assertEquals(l.complement!(u, e.zeros([40, 3])), undefined);
  assertThrows(
    () => l.complement!(u, e.zeros([40, 33])),
    RangeError,
    "expected m×r and m×k with r + k ≤ m, got [40,8] and [40,33]",
  );
  return Promise.resolve();
});

await withLinalg(
  "factorisations leave their operands untouched and refuse other shapes",
  async (e, l) => {
    const a = gaussianTensor(e, [30, 10], 1);
    const before = await e.read(a);
    l.qr(a);
    l.choleskyQr(a);
    await l.svd(a);
    assertEquals(await e.read(a), before);
    assertThrows(() => l.qr(e.zeros([2, 3])), RangeError, "expected m ≥ n, got 2×3");
    assertThrows(() => l.qr(e.zeros([4])), RangeError, "expected a float32 matrix");
    assertThrows(() => l.choleskyQr(e.zeros([2, 3])), RangeError, "expected m ≥ n, got 2×3");
    await assertRejects(
      async () => await l.svd(e.zeros([4])),
      RangeError,
      "expected a float32 matrix",
    );
  },
);

await withLinalg("factorisations repeat bit for bit", async (e, l) => {
  const random = new Random(5);
  const data = random.fillNormal(new Float32Array(200 * 32));
  const run = async () => {
    const a = e.tensor(data, [200, 32]);
    const q = l.choleskyQr(a)!;
    const { sigma } = (await l.svd(a))!;
    return [await e.read(q), sigma];
  };
  assertEquals(await run(), await run());
});

await withLinalg("factorisations find their parameters after the heap has grown", async (e, l) => {
  const a = gaussianTensor(e, [90, 20], 1);
  const before = await e.read(l.choleskyQr(a)!);
  const { byteLength } = (e.native as { backend(): { wasm: { HEAPU8: Uint8Array } } }).backend()
    .wasm.HEAPU8;
  e.zeros([byteLength / 4]);
  assertEquals(await e.read(l.choleskyQr(a)!), before);
  assertLess(await orthogonalityError(e, l.qr(a).q), ORTHONORMAL);
});
