import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  CX,
  CY,
  momentumX,
  momentumY,
  OPPOSITE,
  PAIRS,
  WEIGHTS,
} from "../../../tasks/flow/lattice.ts";

const total = (f: (i: number) => number): number =>
  WEIGHTS.reduce((sum, w, i) => sum + w * f(i), 0);

Deno.test("weights integrate polynomials as a Gaussian of variance 1/3 does", () => {
  assertAlmostEquals(total(() => 1), 1, 1e-15);
  assertAlmostEquals(total((i) => CX[i]! ** 2), 1 / 3, 1e-15);
  assertAlmostEquals(total((i) => CY[i]! ** 2), 1 / 3, 1e-15);
  assertAlmostEquals(total((i) => CX[i]! * CY[i]!), 0, 1e-15);
  assertAlmostEquals(total((i) => CX[i]! ** 2 * CY[i]! ** 2), 1 / 9, 1e-15);
});

Deno.test("every direction has its opposite, and pairs hold each once", () => {
  OPPOSITE.forEach((o, i) => {
    assertEquals([CX[o]! + CX[i]!, CY[o]! + CY[i]!, WEIGHTS[o]], [0, 0, WEIGHTS[i]]);
  });
  assertEquals(PAIRS.flatMap(({ i, o }) => [i, o]).sort(), [1, 2, 3, 4, 5, 6, 7, 8]);
});

Deno.test("the momentum of a single direction is its velocity", () => {
  CX.forEach((cx, i) => {
    const h = Float64Array.from(CX, (_, k) => k === i ? 1 : 0);
    assertEquals([momentumX(h), momentumY(h)], [cx, CY[i]]);
  });
});
