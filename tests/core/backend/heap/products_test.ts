import { assert, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { backends, type Engine, openEngine } from "../../../../core/backend/mod.ts";
import { type Grid, rowsFirst, squarest } from "../../../../core/backend/heap/products.ts";
import {
  gaussianTensor,
  largestDifference,
  unlessPresent,
} from "../../../support/backend_checks.ts";

for (const [name, grid] of Object.entries({ rowsFirst, squarest })) {
  Deno.test(`${name}() makes at most one piece a thread and none too small`, () => {
    const extent = fc.integer({ min: 1, max: 2000 });
    const property = fc.property(fc.integer({ min: 1, max: 64 }), extent, extent, (t, m, n) => {
      const [rows, columns]: Grid = grid(t, m, n);
      assert(rows >= 1 && columns >= 1 && rows * columns <= t);
      assert(rows === 1 || m / rows >= 32);
      assert(columns === 1 || n / columns >= 32);
    });
    fc.assert(property, { seed: 1 });
  });
}

Deno.test("squarest() cuts the longer side, and both for many threads", () => {
  assertEquals(squarest(2, 256, 500), [1, 2]);
  assertEquals(squarest(2, 500, 256), [2, 1]);
  assertEquals(squarest(4, 500, 500), [2, 2]);
});

async function onEach(
  title: string,
  f: (name: string, e: Engine) => Promise<void>,
): Promise<void> {
  for (const name of ["wasm", "blas"]) {
    Deno.test({
      ...await unlessPresent(backends.get(name), title),
      sanitizeResources: false,
      fn: async () => {
        try {
          await f(name, (await openEngine(name, { threads: 3 })).engine);
        } finally {
          await openEngine(name);
        }
      },
    });
  }
}

const SHAPES = [[97, 330, 301], [140, 700, 190], [1, 1200, 900]];

await onEach("products of three threads are those of one", async (name, e) => {
  await openEngine(name, { threads: 1 });
  const products = () =>
    SHAPES.flatMap(([m, n, k]) =>
      [false, true].flatMap((transposeLeft) =>
        [false, true].map((transposeRight) => {
          const a = gaussianTensor(e, transposeLeft ? [k!, m!] : [m!, k!], 1);
          const b = gaussianTensor(e, transposeRight ? [n!, k!] : [k!, n!], 2);
          return e.matMul(a, b, { transposeLeft, transposeRight });
        })
      )
    );
  await e.scope(async () => {
    const alone = products();
    await openEngine(name, { threads: 3 });
    const shared = products();
    for (const [i, t] of alone.entries()) {
      assertLess(await largestDifference(e, t, shared[i]!), 1e-3, `product ${i}`);
    }
  });
});

await onEach("products of three threads repeat bit for bit", async (_, e) => {
  await e.scope(async () => {
    const [a, b] = [gaussianTensor(e, [333, 257], 1), gaussianTensor(e, [257, 190], 2)];
    const first = await e.read(e.matMul(a, b));
    // Threads start with the first product, are awake and then asleep: who computes what changes.
    for (let i = 0; i < 100; i++) {
      assertEquals(await e.read(e.matMul(a, b)), first);
      if (i % 30 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
});

await onEach("fewer threads than before compute the same", async (name, e) => {
  await e.scope(async () => {
    const [a, b] = [gaussianTensor(e, [400, 300], 1), gaussianTensor(e, [300, 350], 2)];
    await openEngine(name, { threads: 2 });
    const two = await e.read(e.matMul(a, b));
    await openEngine(name, { threads: 5 });
    e.matMul(a, b);
    await openEngine(name, { threads: 2 });
    assertEquals(await e.read(e.matMul(a, b)), two);
  });
});

await onEach("a number of threads that is none is refused", async (name) => {
  for (const threads of [0, 1.5, -2, NaN, 1000]) {
    let message = "";
    await openEngine(name, { threads }).catch((error) => message = error.message);
    const expected = threads === 1000
      ? "Cannot use 1000 threads: expected a whole number from 1 to 255"
      : `Cannot open a backend: expected threads to be an integer ≥ 1, got ${threads}`;
    assertEquals(message, expected);
  }
});

await onEach("products of a matrix with itself are those with a copy", async (_, e) => {
  await e.scope(async () => {
    for (const [m, n] of [[300, 70], [70, 301], [290, 290], [256, 31]]) {
      const [x, copy] = [gaussianTensor(e, [m!, n!], 1), gaussianTensor(e, [m!, n!], 1)];
      for (const options of [{ transposeLeft: true }, { transposeRight: true }]) {
        const own = e.matMul(x, x, options);
        assertLess(await largestDifference(e, own, e.matMul(x, copy, options)), 1e-3);
      }
    }
  });
});
