import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  adversarialTrainings,
  choose,
  conservative,
  energyFraction,
  fadingStrength,
  type Plugin,
  Registry,
  risingStrength,
  truncationRules,
  type Tunable,
  tunable,
  tune,
} from "../../core/mod.ts";

interface Sum extends Tunable<Sum> {
  of(x: number): number;
}

/** A plugin that adds, and one that calls another of its kind. */
function sums() {
  const table = new Registry<Sum>("sum");
  const shift = tunable(table, {
    name: "shift",
    description: "adds",
    defaults: { by: 1 },
    limits: { by: { min: 0 } },
    make: ({ by }) => ({ of: (x) => x + by }),
  });
  tunable(table, {
    name: "twice",
    description: "another one, twice",
    defaults: { base: "shift", sign: 1 },
    limits: { base: {}, sign: { oneOf: [1, -1] } },
    make: ({ sign }, named) => ({ of: (x) => sign * named("base").of(named("base").of(x)) }),
  });
  return { table, shift };
}

Deno.test("tunable() registers a plugin with its defaults", () => {
  const { table, shift } = sums();
  assertStrictEquals(table.get("shift"), shift);
  assertEquals([shift.of(1), shift.defaults.by, shift.name], [2, 1, "shift"]);
});

Deno.test("choose() gives the plugin itself, or the same of other settings", () => {
  const { table, shift } = sums();
  assertStrictEquals(choose(table, "shift"), shift);
  assertEquals(choose(table, "shift:by=5").of(1), 6);
  assertEquals(choose(table, "shift:5").of(1), 6, "of one setting the name may be left out");
  assertEquals(shift.of(1), 2, "the registered one is as it was");
  assertEquals(choose(table, "twice:base.by=5,sign=-1").of(1), -11);
  assertEquals(choose(table, "twice:base=twice,base.base.by=3").of(0), 12);
});

Deno.test("a tuned plugin keeps its name and can be tuned again", () => {
  const { shift } = sums();
  const other = shift.tuned({ by: 3 });
  assertEquals([other.name, other.description, other.of(0)], ["shift", "adds", 3]);
  assertEquals(other.tuned!({ by: 4 }).of(0), 4);
});

Deno.test("settings that a plugin does not have are refused, in text and in code", () => {
  const { table, shift } = sums();
  const refuse = (make: () => unknown, message: string) =>
    assertEquals(assertThrows(make, RangeError).message, message);
  refuse(() => choose(table, "shift:bye=2"), 'Cannot set "bye" of sum "shift": did you mean "by"');
  const negative = 'Cannot set "by" of sum "shift": expected a number ≥ 0, got -1';
  refuse(() => choose(table, "shift:by=-1"), negative);
  refuse(() => shift.tuned({ by: -1 }), negative);
  refuse(() => choose(table, "twice:base.by=-1"), negative);
  const plain = table.add({ name: "plain", description: "as it is", of: (x) => x });
  refuse(
    () => choose(table, "plain:by=1"),
    'Cannot set "by" of sum "plain": it has no settings',
  );
  assertStrictEquals(tune(table, plain, {}), plain);
  const half: Sum = { ...plain, name: "half", defaults: { by: 1 } };
  refuse(
    () => tune(table, half, { by: 2 }),
    'Cannot set sum "half": expected it to have a method "tuned", got none',
  );
});

Deno.test("a truncation rule takes a threshold of its own in place of that of the run", () => {
  const sigma = Float64Array.of(4, 3, 2, 1);
  assertEquals(energyFraction.rank(sigma, 0.2), 2);
  assertEquals(choose(truncationRules, "energy:tolerance=0.2").rank(sigma, 0), 2);
  assertEquals(choose(truncationRules, "energy:0").rank(sigma, 0.2), 4);
});

Deno.test("the conservative rule judges the rest by a rule with settings of its own", () => {
  const sigma = Float64Array.of(4, 3, 2, 1);
  const own = choose(truncationRules, "conservative:rest=spectral,rest.tolerance=0.6");
  assertEquals(own.rank(sigma, 0), 2);
  assertEquals(conservative.rank(sigma, 0), 4);
  assertEquals(own.fixed!(3, 2).left!.rows, 3);
});

Deno.test("strengths rise and fade as they are told", () => {
  assertEquals([0, 0.25, 0.5, 1].map(risingStrength.at), [0, 0.5, 1, 1]);
  const fast = risingStrength.tuned({ share: 0.1 });
  assertEquals([0, 0.05, 0.1, 1].map(fast.at), [0, 0.5, 1, 1]);
  const half = fadingStrength.tuned({ end: 0.5 });
  assertEquals([half.at(0), half.at(1), fadingStrength.at(1)], [1, 0.5, 0]);
});

Deno.test("a way of adversarial training that names an attack must name one that there is", () => {
  const named = choose(adversarialTrainings, "attacked:attack=no-such");
  assertThrows(() => named.create({} as never), RangeError, 'Cannot find attack "no-such"');
});

Deno.test("every default keeps its limits, in the registries that runs choose from", () => {
  const tables = [truncationRules, adversarialTrainings] as unknown as Registry<Plugin>[];
  for (const table of tables) {
    for (const plugin of table.list()) {
      assertEquals(choose(table as Registry<Sum>, plugin.name).name, plugin.name);
      const { defaults = {} } = plugin as Sum;
      tune(table as Registry<Sum>, plugin as Sum, defaults);
    }
  }
});
