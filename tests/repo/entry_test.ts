import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { type DocumentedSymbol, hiddenTypesOf, isValue, symbolsOf, unshown } from "./entry.ts";

const symbols = await symbolsOf("mod.ts");

Deno.test("mod.ts has at most 60 values", () => {
  const values = symbols.filter(isValue).map(({ name }) => name);
  for (const name of ["fit", "load", "perceptron", "Registry"]) assert(values.includes(name), name);
  assertLessOrEqual(values.length, 60);
});

Deno.test("every symbol of mod.ts has an example that runs, a type perhaps its neighbour's", () => {
  assertEquals(unshown(symbols), []);
});

Deno.test("a value needs an example of its own, a type one in its file that names it", () => {
  const symbol = (name: string, kind: string, filename: string, doc?: string) => ({
    name,
    declarations: [{
      ...{ kind, location: { filename } },
      jsDoc: { tags: doc === undefined ? [] : [{ kind: "example", doc }] },
    }],
  });
  const all = [
    symbol("Point", "interface", "a.ts", "const p: Point = at<Plane>(0);"),
    symbol("Plane", "interface", "a.ts"),
    symbol("at", "function", "a.ts"),
    symbol("Pl", "interface", "a.ts"),
    symbol("Line", "typeAlias", "b.ts"),
  ];
  assertEquals(unshown(all), ["at", "Pl", "Line"]);
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
