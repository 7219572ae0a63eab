import { assertAlmostEquals, assertEquals, assertLess, assertRejects } from "@std/assert";
import { type Engine, openEngine, type Tensor } from "../../../../core/backend/mod.ts";
import { tensorflow } from "../../../../core/backend/tensorflow/mod.ts";
import {
  checkTraining,
  gaussianTensor,
  largestDifference,
  orthogonalityError,
  repeatsExactly,
  unlessPresent,
} from "../../../support/backend_checks.ts";

async function withEngine(f: (engine: Engine) => Promise<void>): Promise<void> {
  const { engine } = await openEngine("tensorflow");
  const before = engine.memory().numTensors;
  await engine.scope(() => f(engine));
  assertEquals(engine.memory().numTensors, before);
}

/** A matrix with singular values 1, 1/c, …: its condition number is known. */
function graded(engine: Engine, m: number, n: number, condition: number): Tensor {
  const { q } = engine.linalg!.qr(gaussianTensor(engine, [m, n], 1));
  const { q: right } = engine.linalg!.qr(gaussianTensor(engine, [n, n], 2));
  const scales = Float32Array.from({ length: n }, (_, i) => condition ** (-i / (n - 1)));
  return engine.matMul(engine.mul(q, engine.tensor(scales, [n])), right);
}

Deno.test({
  ...await unlessPresent(tensorflow, "qr() gives an orthonormal and a triangular factor"),
  fn: () =>
    withEngine(async (e) => {
      for (const [m, n] of [[40, 7], [5, 5], [300, 32], [9, 1]] as const) {
        const a = gaussianTensor(e, [m, n], 3);
        const { q, r } = e.linalg!.qr(a);
        assertLess(await orthogonalityError(e, q), 1e-6);
        assertLess(await largestDifference(e, e.matMul(q, r), a), 1e-5);
        const below = (await e.read(r)).filter((_, k) => k % n < Math.floor(k / n));
        assertEquals(below.every((x) => x === 0), true);
      }
    }),
});

Deno.test({
  ...await unlessPresent(tensorflow, "svd() rebuilds tall and wide matrices"),
  fn: () =>
    withEngine(async (e) => {
      for (const [m, n] of [[12, 5], [5, 12], [64, 64]] as const) {
        const a = gaussianTensor(e, [m, n], 4);
        const { p, sigma, q } = (await e.linalg!.svd(a))!;
        assertEquals([p.shape, q.shape], [[m, Math.min(m, n)], [n, Math.min(m, n)]]);
        const scaled = e.mul(p, e.tensor(Float32Array.from(sigma), [sigma.length]));
        assertLess(
          await largestDifference(e, e.matMul(scaled, q, { transposeRight: true }), a),
          2e-5,
        );
        assertEquals([...sigma], [...sigma].sort((x, y) => y - x));
      }
    }),
});

Deno.test({
  ...await unlessPresent(tensorflow, "choleskyQr() is orthonormal or admits that it is not"),
  fn: () =>
    withEngine(async (e) => {
      for (const condition of [1, 10, 100, 1000]) {
        const q = e.linalg!.choleskyQr(graded(e, 200, 16, condition))!;
        assertLess(await orthogonalityError(e, q), 1e-6);
      }
      for (const condition of [1e5, 1e6, 1e7]) {
        const q = e.linalg!.choleskyQr(graded(e, 200, 16, condition));
        if (q) assertLess(await orthogonalityError(e, q), 1e-6);
      }
      assertEquals(e.linalg!.choleskyQr(e.zeros([8, 3])), undefined);
    }),
});

Deno.test({
  ...await unlessPresent(tensorflow, "choleskyQr() keeps the span"),
  fn: () =>
    withEngine(async (e) => {
      const a = gaussianTensor(e, [50, 6], 5);
      const q = e.linalg!.choleskyQr(a)!;
      const projected = e.matMul(q, e.matMul(q, a, { transposeLeft: true }));
      assertLess(await largestDifference(e, projected, a), 1e-5);
    }),
});

Deno.test({
  ...await unlessPresent(
    tensorflow,
    "softmaxCrossEntropy() of equal logits is the log of their number",
  ),
  fn: () =>
    withEngine(async (e) => {
      const logits = e.zeros([4, 10]);
      const labels = e.tensor(Int32Array.of(0, 3, 9, 5), [4]);
      const { value, gradients } = e.gradients(() => e.softmaxCrossEntropy(logits, labels), [
        logits,
      ]);
      assertAlmostEquals((await e.read(value))[0]!, Math.log(10), 1e-6);
      const slope = await e.read(gradients[0]!);
      assertAlmostEquals(slope[0]!, (0.1 - 1) / 4, 1e-7);
      assertAlmostEquals(slope[1]!, 0.1 / 4, 1e-7);
    }),
});

Deno.test({
  ...await unlessPresent(tensorflow, "a small net trains and leaks nothing"),
  fn: () => checkTraining("tensorflow"),
});

Deno.test({
  ...await unlessPresent(tensorflow, "equal runs are equal bit for bit where it says so"),
  fn: async () => {
    const { engine } = await openEngine("tensorflow");
    if (engine.deterministic) assertEquals(await repeatsExactly("tensorflow"), true);
  },
});

Deno.test({
  ...await unlessPresent(tensorflow, "openEngine() refuses a memory limit that it cannot keep"),
  fn: async () => {
    await assertRejects(
      () => openEngine("tensorflow", { memoryLimit: 1e6 }),
      RangeError,
      'Cannot limit the memory of backend "tensorflow": expected no memoryLimit, got 1000000',
    );
  },
});
