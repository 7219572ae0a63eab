import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { type Initialiser, Random } from "../../core/mod.ts";
import { initialisers, zeros } from "../../layers/mod.ts";

/** Variance by the publications, for inputs×outputs. */
const VARIANCE: Record<string, (inputs: number, outputs: number) => number> = {
  "zeros": () => 0,
  "kaiming-normal": (inputs) => 2 / inputs,
  "kaiming-uniform": (inputs) => 2 / inputs,
  "glorot-normal": (inputs, outputs) => 2 / (inputs + outputs),
  "glorot-uniform": (inputs, outputs) => 2 / (inputs + outputs),
  "orthonormal": (inputs, outputs) => 1 / Math.max(inputs, outputs),
};

Deno.test("every registered initialiser has a variance in the table", () => {
  assertEquals(Object.keys(VARIANCE).sort(), initialisers.names().sort());
});

function draw(item: Initialiser, shape: readonly number[], seed = 1): Float32Array {
  return item.draw(new Random(seed), shape);
}

for (const item of initialisers.list()) {
  Deno.test(`${item.name} draws what its variance says`, () => {
    for (const [inputs, outputs] of [[200, 300], [300, 50]] as const) {
      const x = draw(item, [inputs, outputs]);
      const variance = item.variance([inputs, outputs]);
      assertAlmostEquals(variance, VARIANCE[item.name]!(inputs, outputs), 1e-15);
      assertEquals(x.length, inputs * outputs);
      const mean = x.reduce((a, b) => a + b, 0) / x.length;
      const found = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
      // Five standard errors of the mean, and of a normal's variance.
      const error = Math.sqrt(variance / x.length);
      assertLess(Math.abs(mean), 5 * error + 1e-300);
      assertLess(Math.abs(found - variance), 5 * variance * Math.sqrt(2 / x.length) + 1e-300);
      const bound = Math.sqrt(3 * variance) * (1 + 1e-6);
      if (item.name.endsWith("uniform")) assert(x.every((v) => Math.abs(v) <= bound));
    }
  });

  Deno.test(`${item.name} repeats itself with a seed`, () => {
    assertEquals(draw(item, [6, 5], 4), draw(item, [6, 5], 4));
    if (item !== zeros) assert(draw(item, [6, 5], 4).join() !== draw(item, [6, 5], 5).join());
  });
}

Deno.test("filters count every input of a window", () => {
  const item = initialisers.get("kaiming-normal");
  assertAlmostEquals(item.variance([3, 3, 8, 16]), 2 / 72, 1e-15);
  assertAlmostEquals(initialisers.get("glorot-normal").variance([3, 3, 8, 16]), 2 / 88, 1e-15);
});
