import { assertLess } from "@std/assert";
import { type Engine, openEngine, type Tensor } from "../../../../core/backend/mod.ts";
import { tensorflow } from "../../../../core/backend/tensorflow/mod.ts";
import { gaussianTensor, unlessPresent } from "../../../support/backend_checks.ts";

type Pad = number | [[0, 0], [number, number], [number, number], [0, 0]];

/** The operations of the engine's namespace that take a padding. */
interface Operations {
  conv2d(x: Tensor, filter: Tensor, stride: number, pad: Pad, format: "NHWC"): Tensor;
  depthwiseConv2d(x: Tensor, filter: Tensor, stride: number, pad: Pad): Tensor;
  maxPool(x: Tensor, size: number, stride: number, pad: Pad): Tensor;
  avgPool(x: Tensor, size: number, stride: number, pad: Pad): Tensor;
}

const PADS: readonly Pad[] = [1, [[0, 0], [1, 0], [0, 2], [0, 0]]];

type Operation = (tf: Operations, pad: Pad, stride: number, x: Tensor, w: Tensor) => Tensor;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  conv2d: (tf, pad, stride, x, w) => tf.conv2d(x, w, stride, pad, "NHWC"),
  depthwiseConv2d: (tf, pad, stride, x, w) => tf.depthwiseConv2d(x, w, stride, pad),
  maxPool: (tf, pad, stride, x) => tf.maxPool(x, 3, stride, pad),
  avgPool: (tf, pad, stride, x) => tf.avgPool(x, 3, stride, pad),
};

/** Value and both gradients of a weighted sum of the outputs. */
async function outputs(engine: Engine, operation: Operation, pad: Pad, stride: number) {
  return await engine.scope(async () => {
    const tf = engine.native as Operations;
    const x = gaussianTensor(engine, [2, 7, 6, 3], 1);
    const w = gaussianTensor(engine, [3, 3, 3, 2], 2);
    const y = operation(tf, pad, stride, x, w);
    const d = gaussianTensor(engine, y.shape, 3);
    const { gradients } = engine.gradients(
      () => engine.sum(engine.mul(operation(tf, pad, stride, x, w), d)),
      [x, w],
    );
    return await Promise.all([y, ...gradients].map((t) => engine.read(t)));
  });
}

for (const [name, operation] of Object.entries(OPERATIONS)) {
  Deno.test({
    ...await unlessPresent(tensorflow, `${name}() with padding in pixels equals the reference`),
    sanitizeResources: false,
    sanitizeOps: false,
    fn: async () => {
      for (const pad of PADS) {
        for (const stride of [1, 2]) {
          const expected = await outputs((await openEngine("cpu")).engine, operation, pad, stride);
          const { engine } = await openEngine("tensorflow");
          const actual = await outputs(engine, operation, pad, stride);
          actual.forEach((values, k) => {
            const worst = Math.max(...Array.from(values, (v, i) => Math.abs(v - expected[k]![i]!)));
            assertLess(worst, 1e-5, `${name} ${JSON.stringify(pad)}/${stride}, output ${k}`);
          });
        }
      }
    },
  });
}
