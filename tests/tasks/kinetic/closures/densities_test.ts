/** Densities two cells at a time, against plain loops. */

import { assertLess } from "@std/assert";
import { Random } from "../../../../core/mod.ts";
import { momentSystem, quadratures } from "../../../../tasks/kinetic/mod.ts";
import { PlainDensities } from "../../../../tasks/kinetic/closures/densities.ts";
import { SimdDensities } from "../../../../tasks/kinetic/closures/simd_densities.ts";
import { setMultipliers } from "../../../../tasks/kinetic/closures/densities.ts";

Deno.test("densities and masses in WebAssembly are those of plain loops", () => {
  for (const [dimension, degree, rule] of [[1, 1, "gauss"], [2, 4, "product"]] as const) {
    const ordinates = quadratures.get(rule).ordinates(6);
    const system = momentSystem({ dimension, degree, functions: "monomials" }, ordinates);
    const cells = 37;
    const random = new Random(5);
    const alpha = random.fillNormal(new Float64Array((system.count - 1) * cells), 0, 8);
    const scale = random.fillNormal(new Float64Array(cells), 0, 40);
    // What is beyond normal numbers, or exactly one.
    scale[0] = 720, scale[1] = -720;
    for (let k = 0; k < system.count - 1; k++) alpha.fill(0, k * cells, k * cells + 3);
    const [simd, plain] = [new SimdDensities(system, cells), new PlainDensities(system, cells)];
    for (const all of [simd, plain]) {
      setMultipliers(all, alpha);
      all.scale.set(scale);
    }
    const compare = (most: number): void => {
      plain.result.forEach((value, c) => {
        const cut = Math.min(Math.exp(708), Math.max(Math.exp(-708), value));
        assertLess(Math.abs(simd.result[c]! / cut - 1), most, `cell ${c}`);
      });
    };
    for (let q = 0; q < ordinates.weights.length; q++) {
      simd.density(q), plain.density(q);
      // Exponents of some hundreds are rounded before e is raised to them.
      compare(3e-13);
    }
    simd.mass(), plain.mass();
    compare(3e-13);
  }
});
