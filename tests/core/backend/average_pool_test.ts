import { assertAlmostEquals } from "@std/assert";
import { backends, type Engine, openEngine, type Tensor } from "../../../core/backend/mod.ts";
import { gaussianTensor, unlessPresent } from "../../support/backend_checks.ts";

/** The part of the engine's namespace that is used here. */
interface Pooling {
  avgPool(x: Tensor, size: number, stride: number, pad: "valid" | "same"): Tensor;
}

const CASES = [
  { shape: [2, 6, 6, 3], size: 2, stride: 2, pad: "valid" },
  { shape: [1, 7, 5, 2], size: 3, stride: 2, pad: "same" },
  { shape: [2, 4, 4, 1], size: 3, stride: 2, pad: "same" },
  { shape: [1, 5, 6, 4], size: 3, stride: 1, pad: "same" },
] as const;

/** Σ xᵢ yᵢ in float64. */
async function dot(engine: Engine, x: Tensor, y: Tensor): Promise<number> {
  const [a, b] = [await engine.read(x), await engine.read(y)];
  return Array.from(a, (value, i) => value * b[i]!).reduce((s, t) => s + t, 0);
}

for (const backend of backends.list()) {
  Deno.test({
    ...await unlessPresent(backend, "avgPool() and its gradient are adjoint, at edges too"),
    sanitizeResources: false,
    sanitizeOps: false,
    fn: async () => {
      const { engine } = await openEngine(backend.name);
      const tf = engine.native as Pooling;
      for (const { shape, size, stride, pad } of CASES) {
        await engine.scope(async () => {
          const x = gaussianTensor(engine, shape, 1);
          const y = tf.avgPool(x, size, stride, pad);
          const d = gaussianTensor(engine, y.shape, 2);
          const { gradients } = engine.gradients(
            () => engine.sum(engine.mul(tf.avgPool(x, size, stride, pad), d)),
            [x],
          );
          const forward = await dot(engine, y, d);
          const backward = await dot(engine, x, gradients[0]!);
          assertAlmostEquals(backward, forward, 1e-4);
        });
      }
    },
  });
}
