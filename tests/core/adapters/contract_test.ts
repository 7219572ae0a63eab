/** Every adapter through the same promises, on the host in float64. */

import { assert, assertEquals, assertLess } from "@std/assert";
import {
  adapters,
  type Attached,
  type Matrix,
  mergedWeight,
  Random,
  tune,
} from "../../../core/mod.ts";
import { gaussian, host, relativeError } from "../../support/matrices.ts";
import { attachHost, differences, hostFlows, misfit, movedFrom } from "../../support/adapters.ts";
import { ADAPTER_ROWS } from "../../properties/adapter_rows.ts";

Deno.test("every adapter has a row", () => {
  assertEquals(adapters.names().sort(), Object.keys(ADAPTER_ROWS).sort());
});

const [INPUTS, OUTPUTS] = [12, 8];
const w = gaussian(new Random(1), INPUTS, OUTPUTS);
const target = gaussian(new Random(2), INPUTS, OUTPUTS);

/** Rank to round-off. */
async function rankOf(x: Matrix): Promise<number> {
  const { sigma } = await host.svd(x);
  return sigma.filter((s) => s > 1e-9 * sigma[0]!).length;
}

for (const [name, row] of Object.entries(ADAPTER_ROWS)) {
  const { settings = { rank: 2 } } = row;
  const adapter = tune(adapters, adapters.get(name), settings);
  const merged = (at: Attached<Matrix>): Matrix => mergedWeight(host, adapter, at);
  const force = (at: Attached<Matrix>): Matrix => host.lincomb(1, target, -1, merged(at));

  Deno.test(`${name}: ${row.trainables} numbers train, as it says`, async () => {
    const { trained, numbers } = await attachHost(adapter, w);
    const size = Object.values(trained).reduce((n, x) => n + x.data.length, 0);
    assertEquals(adapter.trainables([INPUTS, OUTPUTS]), size);
    assertEquals(numbers?.trained ?? size, row.trainables);
  });

  Deno.test(`${name}: the whole weight is there at the start, and W₀ untouched`, async () => {
    const before = Float64Array.from(w.data);
    const at = await attachHost(adapter, w);
    assertLess(relativeError(merged(at), w), row.start ?? 1e-12);
    assertEquals(w.data, before);
  });

  Deno.test(`${name}: at the start [${row.first}] have a gradient, others none`, async () => {
    const at = await attachHost(adapter, w);
    const flows = hostFlows(adapter, at, force(at));
    assertEquals(Object.keys(flows).sort(), Object.keys(at.trained).sort());
    const moving = Object.entries(flows).filter(([, x]) => x.data.some((v) => v !== 0));
    assertEquals(moving.map(([key]) => key).sort(), [...row.first].sort());
  });

  if (!row.rates) {
    Deno.test(`${name}: flows are minus the differences of the loss`, async () => {
      const at = movedFrom(await attachHost(adapter, w));
      const flows = hostFlows(adapter, at, force(at));
      for (const key of Object.keys(at.trained)) {
        const wanted = differences((x) => misfit(adapter, x, target), at, key);
        assertLess(relativeError(flows[key]!, wanted), 1e-8, key);
      }
    });
  }

  Deno.test(`${name}: what it adds to W₀ has rank ${row.rank} at most`, async () => {
    const at = movedFrom(await attachHost(adapter, w));
    const increment = host.lincomb(1, merged(at), -1, w);
    const rank = await rankOf(increment);
    assert(rank > 0 && rank <= row.rank, `${rank}`);
  });
}
