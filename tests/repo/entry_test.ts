import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { hiddenTypesOf, isValue, symbolsOf } from "./entry.ts";

const symbols = await symbolsOf("mod.ts");

Deno.test("mod.ts has at most 60 values", () => {
  const values = symbols.filter(isValue).map(({ name }) => name);
  for (const name of ["fit", "load", "perceptron", "Registry"]) assert(values.includes(name), name);
  assertLessOrEqual(values.length, 60);
});

Deno.test("mod.ts exports every type that its signatures use", async () => {
  assertEquals(await hiddenTypesOf("mod.ts"), []);
});
