import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { transposeInto } from "../../../../core/backend/blas/transpose.ts";

Deno.test("transposeInto() writes a[i][j] to b[j][i] and nothing beside it", () => {
  const extent = fc.integer({ min: 1, max: 40 });
  const offset = fc.integer({ min: 0, max: 3 });
  fc.assert(fc.property(extent, extent, offset, offset, (rows, columns, from, to) => {
    const size = rows * columns;
    const source = Float32Array.from({ length: from + size }, (_, i) => i + 1);
    const target = new Float32Array(to + size + 2).fill(-1);
    transposeInto(source, from, target, to, rows, columns);
    const expected = new Float32Array(to + size + 2).fill(-1);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        expected[to + j * rows + i] = source[from + i * columns + j]!;
      }
    }
    assertEquals(target, expected);
  }));
});
