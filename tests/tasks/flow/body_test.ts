import { assertAlmostEquals, assertGreater, assertLess } from "@std/assert";
import { bodies } from "../../../tasks/flow/mod.ts";

/** Parameters of the same count for every family. */
const DESIGNS = [[0, 0], [0.15, -0.1], [-0.08, 0.2]];

/** Area inside a polygon. */
function area(points: readonly (readonly [number, number])[]): number {
  return points.reduce((sum, [x, y], k) => {
    const [u, v] = points[(k + 1) % points.length]!;
    return sum + (x * v - u * y) / 2;
  }, 0);
}

for (const family of bodies.list()) {
  for (const design of DESIGNS) {
    const body = family.create(design);
    const name = `${family.name}(${design})`;

    Deno.test(`${name} has the area of the circle`, () => {
      assertAlmostEquals(area(body.outline(4000)), Math.PI / 4, 1e-6);
    });

    Deno.test(`${name}: the level is zero on the outline and has its signs beside it`, () => {
      for (const [x, y] of body.outline(17)) {
        assertAlmostEquals(body.level(x, y), 0, 1e-14);
        assertLess(body.level(0.9 * x, 0.9 * y), 0);
        assertGreater(body.level(1.1 * x, 1.1 * y), 0);
        assertLess(Math.hypot(x, y), body.reach + 1e-12);
      }
    });

    Deno.test(`${name}: slopes are the derivatives of the level`, () => {
      const h = 1e-6;
      for (const [x, y] of body.outline(7)) {
        const slopes = body.slopes(1.05 * x, 1.05 * y);
        slopes.forEach((slope, k) => {
          const [above, below] = [h, -h].map((s) =>
            family.create(design.map((v, j) => v + (j === k ? s : 0))).level(1.05 * x, 1.05 * y)
          );
          assertAlmostEquals(slope, (above! - below!) / (2 * h), 1e-9);
        });
      }
    });
  }

  Deno.test(`${family.name} names its parameters`, () => {
    assertGreater(family.parameters(2).length, 1);
  });
}
