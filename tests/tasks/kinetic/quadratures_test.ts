/** Every quadrature integrates what it must; ⟨|Ωₓ|⟩ tells one rule from another. */

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { quadratures } from "../../../tasks/kinetic/mod.ts";
import { mirrorImages } from "../../../tasks/kinetic/ordinates.ts";

/** Order, number of directions, ⟨|Ωₓ|⟩ and ⟨Ωₓ⁴⟩, computed independently. */
const TABLE: Record<string, [order: number, count: number, absolute: number, fourth: number][]> = {
  gauss: [[8, 8, 0.5057640, 1 / 5]],
  product: [[4, 16, 0.5161830, 1 / 5], [8, 64, 0.5036626, 1 / 5]],
  tessellation: [[2, 16, 0.5085872, 0.2112717], [6, 144, 0.5002732, 0.2008494]],
  "level-symmetric": [
    [4, 12, 0.5229775, 1 / 5],
    [8, 40, 0.5085137, 1 / 5],
    [12, 84, 0.5048737, 1 / 5],
  ],
};

Deno.test("the table has a row for every quadrature", () => {
  assertEquals(Object.keys(TABLE).sort(), quadratures.names().sort());
});

for (const quadrature of quadratures.list()) {
  for (const [order, count, absolute, fourth] of TABLE[quadrature.name]!) {
    const o = quadrature.ordinates(order);
    const mean = (f: (x: number, y: number) => number): number =>
      o.weights.reduce((sum, w, q) => sum + w * f(o.x[q]!, o.y[q]!), 0) / o.total;

    Deno.test(`${quadrature.name} of order ${order} integrates up to degree 2 to round-off`, () => {
      assertEquals(o.weights.length, count);
      assertAlmostEquals(mean(() => 1), 1, 1e-14);
      for (const odd of [mean((x) => x), mean((_, y) => y), mean((x, y) => x * y)]) {
        assertAlmostEquals(odd, 0, 1e-14);
      }
      assertAlmostEquals(mean((x) => x * x), 1 / 3, 1e-14);
      if (quadrature.dimension === 2) assertAlmostEquals(mean((_, y) => y * y), 1 / 3, 1e-14);
    });

    Deno.test(`${quadrature.name} of order ${order} is the rule of that name`, () => {
      assertAlmostEquals(mean((x) => Math.abs(x)), absolute, 5e-8);
      assertAlmostEquals(mean((x) => x ** 4), fourth, 5e-8);
    });
  }
}

Deno.test("level-symmetric weights are those of the tables", () => {
  const { weights } = quadratures.get("level-symmetric").ordinates(6);
  const known = new Set([...weights].map((w) => (w / (Math.PI / 2)).toFixed(11)));
  assertEquals([...known].sort(), ["0.15720720247", "0.17612613086"]);
});

Deno.test("orders that a rule does not have are refused", () => {
  const of = (name: string, order: number) => () => quadratures.get(name).ordinates(order);
  assertThrows(of("product", 5), RangeError, "expected an even order, got 5");
  assertThrows(of("level-symmetric", 16), RangeError, "4, 6, 8, 10, 12, got 16");
  assertThrows(of("tessellation", 0), RangeError, "expected the order to be an integer ≥ 1, got 0");
});

Deno.test("mirrorImages() refuses directions that have none", () => {
  const one = { x: Float64Array.of(0.5), y: Float64Array.of(0.5), weights: Float64Array.of(1) };
  assertThrows(
    () => mirrorImages({ ...one, total: 1 }, -1, 1),
    RangeError,
    "expected a mirror image for every direction, got none for (0.5, 0.5)",
  );
});
