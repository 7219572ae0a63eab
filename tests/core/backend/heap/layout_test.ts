import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { backends, openEngine } from "../../../../core/backend/mod.ts";
import { unlessPresent } from "../../../support/backend_checks.ts";

const extents = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 2, maxLength: 4 });

/** A shape and a block of it; in half of the cases only the last axis is cut. */
const BLOCKS = fc.tuple(extents, fc.boolean(), fc.infiniteStream(fc.nat(99))).map(
  ([shape, lastOnly, numbers]) => {
    const cut = shape.map((n, axis) => {
      if (lastOnly && axis < shape.length - 1) return [0, n] as const;
      const begin = numbers.next().value! % n;
      return [begin, 1 + numbers.next().value! % (n - begin)] as const;
    });
    return { shape, begin: cut.map(([b]) => b), size: cut.map(([, n]) => n) };
  },
);

/** Position of an entry of a block in the whole. */
function position(i: number, shape: readonly number[], begin: number[], size: number[]): number {
  let [rest, at, pitch] = [i, 0, 1];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    at += (begin[axis]! + rest % size[axis]!) * pitch;
    rest = Math.floor(rest / size[axis]!);
    pitch *= shape[axis]!;
  }
  return at;
}

for (const name of ["blas", "wasm"]) {
  Deno.test({
    ...await unlessPresent(backends.get(name), "a block holds the entries of its place"),
    sanitizeResources: false,
    fn: async () => {
      const { engine: e } = await openEngine(name);
      const property = fc.asyncProperty(BLOCKS, async ({ shape, begin, size }) => {
        await e.scope(async () => {
          const count = shape.reduce((a, b) => a * b, 1);
          const x = e.tensor(Float32Array.from({ length: count }, (_, i) => i), shape);
          const block = e.slice(x, begin, size);
          assertEquals([...block.shape], size);
          const values = await e.read(block);
          assertEquals(values, values.map((_, i) => position(i, shape, begin, size)));
        });
      });
      await fc.assert(property, { numRuns: 60, seed: 4 });
    },
  });
}
