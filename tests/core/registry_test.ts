import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Registry, suggest } from "../../core/registry.ts";

function colours(...names: string[]): Registry<{ name: string; description: string }> {
  const registry = new Registry<{ name: string; description: string }>("colour");
  for (const name of names) registry.add({ name, description: name });
  return registry;
}

Deno.test("Registry finds what was added and keeps the order", () => {
  const registry = colours("red", "blue", "dark-green2");
  const item = { name: "pink", description: "pale red" };
  assertStrictEquals(registry.add(item), item);
  assertStrictEquals(registry.get("pink"), item);
  assertEquals(registry.names(), ["red", "blue", "dark-green2", "pink"]);
  assertEquals(registry.list().map((x) => x.name), registry.names());
  assert(registry.has("blue") && !registry.has("Blue"));
});

Deno.test("Registry finds a plugin by an alias, and counts it once", () => {
  const registry = colours("red", "blue");
  registry.alias("scarlet", "red");
  registry.alias("crimson", "scarlet");
  assertStrictEquals(registry.get("scarlet"), registry.get("red"));
  assertStrictEquals(registry.get("crimson"), registry.get("red"));
  assert(registry.has("scarlet"));
  assertEquals(registry.names(), ["red", "blue"]);
  assertEquals(registry.known(), ["red", "blue", "scarlet", "crimson"]);
  assertEquals(registry.aliases("red"), ["scarlet", "crimson"]);
  assertEquals(registry.aliases("blue"), []);
  const message = (name: string) => assertThrows(() => registry.get(name), RangeError).message;
  assertEquals(message("scarlett"), 'Cannot find colour "scarlett": did you mean "scarlet"');
});

Deno.test("Registry refuses an alias that is taken, misspelt, or of nothing", () => {
  const registry = colours("red", "blue");
  registry.alias("scarlet", "red");
  const refused = (act: () => unknown) => assertThrows(act, RangeError).message;
  const taken = (name: string) =>
    `Cannot register colour "${name}": the name is taken, choose another`;
  assertEquals(refused(() => registry.alias("blue", "red")), taken("blue"));
  assertEquals(refused(() => registry.alias("scarlet", "blue")), taken("scarlet"));
  assertEquals(
    refused(() => registry.add({ name: "scarlet", description: "x" })),
    taken("scarlet"),
  );
  assertEquals(
    refused(() => registry.alias("Pink", "red")),
    'Cannot register colour "Pink": a name is lower case words joined by dashes',
  );
  assertEquals(
    refused(() => registry.alias("pink", "rad")),
    'Cannot find colour "rad": did you mean "red"',
  );
});

Deno.test("Registry hands out copies of its lists", () => {
  const registry = colours("red");
  registry.names().push("blue");
  registry.list().pop();
  assertEquals(registry.names(), ["red"]);
});

Deno.test("Registry refuses a name twice and keeps the first", () => {
  const registry = colours("red");
  assertThrows(
    () => registry.add({ name: "red", description: "another" }),
    RangeError,
    'Cannot register colour "red": the name is taken, choose another',
  );
  assertEquals(registry.get("red").description, "red");
});

for (
  const name of ["", "Red", "dark green", "dark_green", "-red", "red-", "a--b", "größe", "a\n"]
) {
  Deno.test(`Registry refuses the name ${JSON.stringify(name)}`, () => {
    const error = assertThrows(() => colours(name), RangeError);
    assertEquals(
      error.message,
      `Cannot register colour "${name}": a name is lower case words joined by dashes`,
    );
  });
}

Deno.test("Registry names the near ones when it does not know a name", () => {
  const registry = colours("augmented-bug", "bug", "geolora");
  const message = (name: string) => assertThrows(() => registry.get(name), RangeError).message;
  assertEquals(
    message("augmentd-bug"),
    'Cannot find colour "augmentd-bug": did you mean "augmented-bug"',
  );
  assertEquals(message("GEOLORA"), 'Cannot find colour "GEOLORA": did you mean "geolora"');
  assertEquals(
    message("completely-else"),
    'Cannot find colour "completely-else": known are augmented-bug, bug, geolora',
  );
  assertEquals(
    assertThrows(() => colours().get("x"), RangeError).message,
    'Cannot find colour "x": none is registered',
  );
});

Deno.test("Registry is not fooled by names of Object's own members", () => {
  const registry = colours("red");
  for (const name of ["constructor", "__proto__", "toString"]) {
    assert(!registry.has(name));
    assertThrows(() => registry.get(name), RangeError);
  }
});

Deno.test("suggest() offers at most three names, the nearest first", () => {
  assertEquals(suggest("cat", ["cart", "bat", "car", "cat1", "hat"]).match(/"/g)?.length, 6);
  assertEquals(suggest("rank", ["ranks", "bank", "rank-max"]), 'did you mean "ranks" or "bank"');
});

Deno.test("suggest() always names the intended one after a single slip", () => {
  const known = ["augmented-bug", "parallel-bug", "geolora", "heavy-ball", "nesterov"];
  fc.assert(fc.property(
    fc.constantFrom(...known),
    fc.nat(),
    fc.constantFrom("drop", "double", "swap"),
    (name, position, slip) => {
      const i = position % (name.length - 1);
      const [before, after] = [name.slice(0, i), name.slice(i + 1)];
      const typed = slip === "drop"
        ? before + after
        : slip === "double"
        ? before + name[i] + name[i] + after
        : before + name[i + 1] + name[i] + name.slice(i + 2);
      return suggest(typed, known).includes(`"${name}"`);
    },
  ));
});
