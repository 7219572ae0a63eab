/** Closures by input-convex networks without an engine, against the engine. */

import { assertEquals, assertLess } from "@std/assert";
import { initialStates, openEngine, openHostAlgebra } from "../../../../core/mod.ts";
import { momentSystem, quadratures } from "../../../../tasks/kinetic/mod.ts";
import { NetworkClosure } from "../../../../tasks/kinetic/closures/network_closure.ts";
import { convexClosure } from "../../../../tasks/kinetic/closures/networks.ts";
import { sampleClosure } from "../../../../tasks/kinetic/closures/sampling.ts";
import { methodOf } from "../../../../tasks/library/options.ts";

Deno.test({
  name: "gradients of convex networks are those of the engine, the same bits on any threads",
  sanitizeResources: false,
  sanitizeOps: false,
  async fn() {
    const { engine } = await openEngine("cpu");
    const method = await methodOf({ backend: engine });
    await openHostAlgebra();
    for (const [dimension, depth, rotated] of [[1, 1, false], [2, 3, true]] as const) {
      const rule = quadratures.get(dimension === 1 ? "gauss" : "product").ordinates(4);
      const system = momentSystem({ dimension, degree: 2, functions: "monomials" }, rule);
      const size = system.count - 1;
      const network = convexClosure.network({ inputs: size, width: 9, depth });
      const model = {
        ...{ engine, network, parameters: { stored: 0 } },
        states: await initialStates(method, network, 4),
      };
      const cells = 1030;
      const { ratios } = sampleClosure(system, {
        ...{ count: cells, gamma: 0.01, range: 3, threshold: 0, seed: 1 },
      });
      const close = async (kind: typeof convexClosure, threads: number) => {
        using closure = new NetworkClosure(system, { kind, model, gamma: 0.01, rotated, threads });
        const found = { alpha: new Float64Array(ratios.length), offset: new Float64Array(cells) };
        await closure.close(ratios, found);
        return found;
      };
      const { layers: _, ...byEngine } = convexClosure;
      const [expected, found] = [await close(byEngine, 1), await close(convexClosure, 1)];
      expected.alpha.forEach((value, i) => {
        assertLess(Math.abs(found.alpha[i]! - value), 1e-5 * (1 + Math.abs(value)), `${i}`);
      });
      expected.offset.forEach((value, c) => assertLess(Math.abs(found.offset[c]! - value), 1e-4));
      assertEquals(await close(convexClosure, 2), found);
    }
  },
});
