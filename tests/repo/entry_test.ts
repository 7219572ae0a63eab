import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { type DocumentedSymbol, hasExample, hiddenTypesOf, isValue, symbolsOf } from "./entry.ts";

const symbols = await symbolsOf("mod.ts");

Deno.test("mod.ts has at most 60 values", () => {
  const values = symbols.filter(isValue).map(({ name }) => name);
  for (const name of ["fit", "load", "perceptron", "Registry"]) assert(values.includes(name), name);
  assertLessOrEqual(values.length, 60);
});

Deno.test("every value of mod.ts has an example, which the tests run", () => {
  const bare = symbols.filter((s) => isValue(s) && !hasExample(s));
  assertEquals(bare.map(({ name }) => name), []);
});

Deno.test("mod.ts exports every type that its signatures use", async () => {
  assertEquals(await hiddenTypesOf("mod.ts"), []);
});
Deno.test("a name means the same thing in every entry of the package", async () => {
  const places = new Map<string, Map<string, string>>();
  for (const entry of ["core", "layers", "optimizers", "tasks"]) {
    for (const symbol of await symbolsOf(`${entry}/mod.ts`)) {
      const known = places.get(symbol.name) ?? new Map<string, string>();
      places.set(symbol.name, known.set(placeOf(symbol), entry));
    }
  }
  const twice = [...places].filter(([, known]) => known.size > 1);
  assertEquals(twice.map(([name, known]) => `${name}: ${[...known.values()].join(", ")}`), []);
});

/** Where a symbol is declared. */
function placeOf({ declarations }: DocumentedSymbol): string {
  return [...new Set(declarations.map((d) => d.location.filename))].join();
}
