import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { backends, type Engine, openEngine } from "../../../../core/backend/mod.ts";
import { Random } from "../../../../core/random.ts";
import { unlessPresent } from "../../../support/backend_checks.ts";

const extent = (min: number, max: number) => fc.integer({ min, max });

const CASES = fc.record({
  shape: fc.tuple(extent(1, 3), extent(1, 9), extent(1, 9), extent(1, 9)),
  size: fc.tuple(extent(1, 4), extent(1, 4)),
  strides: fc.tuple(extent(1, 4), extent(1, 4)),
  padding: fc.record({
    top: extent(0, 3),
    bottom: extent(0, 3),
    left: extent(0, 3),
    right: extent(0, 3),
  }),
}).filter(({ shape, size, padding: { top, bottom, left, right } }) =>
  // Every window sees at least one pixel.
  Math.max(top, bottom) < size[0] && Math.max(left, right) < size[1] &&
  shape[1] + top + bottom >= size[0] && shape[2] + left + right >= size[1]
);

type Case = typeof CASES extends fc.Arbitrary<infer T> ? T : never;

/** The largest entry of each window, and where the first of them is. */
function largest(x: Float32Array, { shape, size, strides, padding }: Case) {
  const [batch, height, width, channels] = shape;
  const out = (n: number, pads: number, k: number, s: number) => Math.floor((n + pads - k) / s) + 1;
  const rows = out(height, padding.top + padding.bottom, size[0], strides[0]);
  const columns = out(width, padding.left + padding.right, size[1], strides[1]);
  const found: { at: number; value: number }[] = [];
  for (let image = 0; image < batch; image++) {
    for (let window = 0; window < rows * columns; window++) {
      const top = Math.floor(window / columns) * strides[0] - padding.top;
      const left = (window % columns) * strides[1] - padding.left;
      for (let c = 0; c < channels; c++) {
        let best = { at: -1, value: -Infinity };
        for (let i = Math.max(0, top); i < Math.min(height, top + size[0]); i++) {
          for (let j = Math.max(0, left); j < Math.min(width, left + size[1]); j++) {
            const at = ((image * height + i) * width + j) * channels + c;
            if (x[at]! > best.value) best = { at, value: x[at]! };
          }
        }
        found.push(best);
      }
    }
  }
  return found;
}

async function check(e: Engine, c: Case): Promise<void> {
  const random = new Random(c.shape.reduce((a, b) => 10 * a + b, 1));
  const size = c.shape.reduce((a, b) => a * b, 1);
  // Few values, so that windows have several largest entries, and most below zero.
  const x = Float32Array.from({ length: size }, () => random.integer(4) - 3);
  const found = largest(x, c);
  const window = { strides: c.strides, padding: c.padding };
  await e.scope(async () => {
    const tx = e.tensor(x, c.shape);
    const y = e.maxPool(tx, c.size, window);
    assertEquals(await e.read(y), Float32Array.from(found, (f) => f.value));
    const up = Float32Array.from(found, (_, i) => i % 7 + 1);
    const loss = () => e.sum(e.mul(e.maxPool(tx, c.size, window), e.tensor(up, y.shape)));
    const { gradients: [dx] } = e.gradients(loss, [tx]);
    const expected = new Float32Array(size);
    found.forEach(({ at }, i) => expected[at]! += up[i]!);
    assertEquals(await e.read(dx!), expected);
  });
}

for (const name of ["blas", "wasm"]) {
  const title = "maximum pooling equals loops, and the first of the largest gets the gradient";
  Deno.test({
    ...await unlessPresent(backends.get(name), title),
    sanitizeResources: false,
    fn: async () => {
      const { engine } = await openEngine(name, { threads: 2 });
      const before = engine.memory().numTensors;
      try {
        const property = fc.asyncProperty(CASES, (c) => check(engine, c));
        await fc.assert(property, { numRuns: 60, seed: 3 });
        const padding = { top: 0, bottom: 0, left: 0, right: 0 };
        await check(engine, { shape: [9, 32, 32, 8], size: [2, 2], strides: [2, 2], padding });
        assertEquals(engine.memory().numTensors, before);
      } finally {
        await openEngine(name);
      }
    },
  });
}
