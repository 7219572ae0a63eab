/** Products of every pixel with a matrix, on every backend, against their definition. */

import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { backends, type Engine, openEngine } from "../../../core/backend/mod.ts";
import { Random } from "../../../core/random.ts";
import { unlessPresent } from "../../support/backend_checks.ts";

/** Images, columns of the matrix, channels beside; the last ones are shared by threads in blocks. */
const CASES = [
  { x: [1, 1, 1, 1], columns: 1, beside: 1 },
  { x: [2, 3, 4, 5], columns: 6, beside: 3 },
  { x: [3, 2, 7, 8], columns: 1, beside: 9 },
  { x: [5, 31, 33, 33], columns: 19, beside: 13 },
] as const;

function numbers(random: Random, count: number): Float32Array {
  return random.fillNormal(new Float32Array(count));
}

async function check(e: Engine, { x, columns, beside }: typeof CASES[number]): Promise<void> {
  const random = new Random(5);
  const [pixels, n] = [x[0] * x[1] * x[2], x[3]];
  const [xs, ms] = [numbers(random, pixels * n), numbers(random, n * columns)];
  const known = numbers(random, pixels * beside);
  const images = e.tensor(xs, x);
  const m = e.tensor(ms, [n, columns]);
  const left = e.tensor(known, [...x.slice(0, 3), beside]);
  const [plain, joined] = [e.pixelProduct(images, m), e.pixelProduct(images, m, left)];
  assertEquals([...plain.shape], [...x.slice(0, 3), columns]);
  assertEquals([...joined.shape], [...x.slice(0, 3), beside + columns]);
  const [one, two] = [await e.read(plain), await e.read(joined)];
  const width = beside + columns;
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let j = 0; j < beside; j++) {
      assertEquals(two[pixel * width + j], known[pixel * beside + j]);
    }
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += xs[pixel * n + i]! * ms[i * columns + j]!;
      assertLess(Math.abs(one[pixel * columns + j]! - sum), 2e-5);
      assertLess(Math.abs(two[pixel * width + beside + j]! - sum), 2e-5);
    }
  }
}

for (const backend of backends.list()) {
  Deno.test({
    ...await unlessPresent(backend, "pixelProduct() multiplies every pixel, beside others"),
    sanitizeResources: false,
    sanitizeOps: false,
    fn: async () => {
      const { engine } = await openEngine(backend.name);
      const before = engine.memory().numTensors;
      for (const c of CASES) await engine.scope(() => check(engine, c));
      assertEquals(engine.memory().numTensors, before);
    },
  });
}

Deno.test("pixelProduct() refuses what does not fit, and says what", async () => {
  const { engine: e } = await openEngine("cpu");
  e.tidy(() => {
    const [x, m] = [e.zeros([1, 4, 4, 3]), e.zeros([3, 2])];
    assertThrows(() => e.pixelProduct(x, e.zeros([2, 3])), RangeError, "got [1,4,4,3], [2,3]");
    assertThrows(
      () => e.pixelProduct(x, m, e.zeros([1, 4, 5, 3])),
      RangeError,
      "got [1,4,4,3], [3,2] and [1,4,5,3]",
    );
    return [];
  });
});
