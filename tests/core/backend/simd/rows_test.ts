import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { BareHeap } from "../../../support/bare_heap.ts";

Deno.test("copy_rows copies a block and nothing beside it", () => {
  const heap = new BareHeap();
  fc.assert(fc.property(
    fc.record({
      rows: fc.integer({ min: 1, max: 9 }),
      width: fc.integer({ min: 1, max: 41 }),
      gapTo: fc.integer({ min: 0, max: 5 }),
      gapFrom: fc.integer({ min: 0, max: 5 }),
    }),
    ({ rows, width, gapTo, gapFrom }) => {
      const [toPitch, fromPitch] = [width + gapTo, width + gapFrom];
      const source = Float32Array.from({ length: rows * fromPitch }, (_, i) => i + 1);
      const [from, to] = [heap.place(source), heap.place(new Float32Array(rows * toPitch))];
      heap.simd.copy_rows!(to, from, rows, 4 * width, 4 * toPitch, 4 * fromPitch);
      const wanted = new Float32Array(rows * toPitch);
      for (let i = 0; i < rows; i++) {
        wanted.set(source.subarray(i * fromPitch, i * fromPitch + width), i * toPitch);
      }
      assertEquals([...heap.view(to, wanted.length)], [...wanted]);
    },
  ));
});

Deno.test("transpose() puts rows in place of columns", () => {
  const heap = new BareHeap();
  for (
    const [rows, columns] of [[1, 1], [3, 8], [7, 5], [16, 1], [4, 4], [9, 12], [30, 21]] as const
  ) {
    const from = heap.place(Float32Array.from({ length: rows * columns }, (_, i) => i));
    const to = heap.allocate(4 * rows * columns);
    heap.simd.transpose!(to, from, rows, columns);
    const expected = Float32Array.from({ length: rows * columns }, (_, i) => {
      return (i % rows) * columns + Math.floor(i / rows);
    });
    assertEquals(heap.view(to, rows * columns), expected);
  }
});

Deno.test("transpose_block() turns a block and leaves what is beside it", () => {
  const heap = new BareHeap();
  for (const [rows, columns] of [[1, 1], [3, 8], [7, 5], [16, 4], [9, 12]] as const) {
    const [toPitch, fromPitch] = [rows + 3, columns + 2];
    const from = heap.place(Float32Array.from({ length: rows * fromPitch }, (_, i) => i + 1));
    const to = heap.place(new Float32Array(columns * toPitch));
    heap.simd.transpose_block!(to, from, rows, columns, 4 * toPitch, 4 * fromPitch);
    const expected = Float32Array.from({ length: columns * toPitch }, (_, k) => {
      const [i, j] = [Math.floor(k / toPitch), k % toPitch];
      return j < rows ? j * fromPitch + i + 1 : 0;
    });
    assertEquals(heap.view(to, expected.length), expected);
  }
});
