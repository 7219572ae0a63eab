import { assert, assertEquals, assertGreater } from "@std/assert";
import { readText, sourceFiles } from "./files.ts";
import {
  DEFAULTS,
  definedPlugins,
  importedBindings,
  importedPlugins,
  isDriver,
  namedPlugins,
  PLAIN_WORDS,
  readPlugins,
  typeQuestions,
  withoutComments,
} from "./plugins.ts";

const { names: plugins, values } = await readPlugins();

Deno.test("the registries of the library hold plugins", () => {
  assertGreater(plugins.size, 5);
  assert(plugins.has("augmented-bug"));
});

Deno.test("drivers name no plugin and ask for no plugin's type", async () => {
  const found: string[] = [];
  let drivers = 0;
  for (const path of await sourceFiles()) {
    const text = await readText(path);
    if (!isDriver(path)) continue;
    drivers++;
    const own = new Set(definedPlugins(text));
    const others = [...plugins.keys()].filter((name) => !own.has(name) && !(name in PLAIN_WORDS));
    const answers = [...namedPlugins(text, others), ...typeQuestions(text)];
    found.push(...answers.map((a) => `${path}: ${a}`));
  }
  assertGreater(drivers, 3);
  assertEquals(found, []);
});

Deno.test("core/ names no layer, optimizer or recipe", async () => {
  const others = [...plugins].filter(([, folder]) => folder !== "core").map(([name]) => name)
    .filter((name) => !(name in PLAIN_WORDS));
  const found: string[] = [];
  for (const path of (await sourceFiles()).filter((f) => f.startsWith("core/"))) {
    found.push(...namedPlugins(await readText(path), others).map((n) => `${path}: ${n}`));
  }
  assertEquals(found, []);
});

Deno.test("core/ takes no plugin as a value but where plugins are made, registered or a default", async () => {
  const found: string[] = [];
  let seen = 0;
  for (const path of (await sourceFiles()).filter((f) => f.startsWith("core/"))) {
    const text = await readText(path);
    const taken = await importedPlugins(path, text, values);
    seen += taken.length;
    // One plugin may build upon another.
    if (path.endsWith("/mod.ts") || definedPlugins(text).length > 0) continue;
    const others = taken.filter((name) => !DEFAULTS[path]?.includes(name));
    found.push(...others.map((name) => `${path}: ${name}`));
  }
  assertGreater(seen, 20);
  assertEquals(found, []);
});

Deno.test("importedPlugins() sees a plugin by whatever name it is imported", async () => {
  const from = "core/integrators/some_driver.ts";
  const text = `import { bug as usual } from "./matrix/bug.ts";\nimport { rk4 } from "./mod.ts";\n`;
  assertEquals(await importedPlugins(from, text, values), ["bug", "rk4"]);
  const types =
    `import type { Integrator } from "./mod.ts";\nimport { integrators } from "./mod.ts";`;
  assertEquals(await importedPlugins(from, types, values), []);
});

Deno.test("importedBindings() sees values of any statement, and no types", () => {
  const text = `import { a, type B, c as d } from "./x.ts";\nimport type { E } from "./y.ts";\n` +
    `import {\n  f,\n  g,\n} from "../z.ts";\n// import { h } from "./h.ts";\n`;
  assertEquals(importedBindings(text), [
    { name: "a", from: "./x.ts" },
    { name: "c", from: "./x.ts" },
    { name: "f", from: "../z.ts" },
    { name: "g", from: "../z.ts" },
  ]);
});

Deno.test("namedPlugins() sees literals and not comments or parts of words", () => {
  const names = ["bug", "augmented-bug"];
  assertEquals(namedPlugins(`if (x.name === "bug") {}`, names), ["bug"]);
  assertEquals(namedPlugins("pick(`augmented-bug`)", names), ["augmented-bug"]);
  assertEquals(namedPlugins(`// "bug"\n/** "bug" */ const debug = "debugger";`, names), []);
});

Deno.test("typeQuestions() sees instanceof on a plugin and lets errors and arrays pass", () => {
  assertEquals(typeQuestions("if (x instanceof AugmentedBug) {}").length, 1);
  assertEquals(typeQuestions("e instanceof RangeError; a instanceof Float32Array"), []);
});

Deno.test("isDriver() takes the trainer and the integrators without their registrations", () => {
  assert(isDriver("core/training/loop.ts"));
  assert(isDriver("core/integrators/ode.ts"));
  assert(!isDriver("core/training/mod.ts"));
  assert(!isDriver("core/data/digits.ts"));
});

Deno.test("definedPlugins() finds values and calls that make one, and no mere mention", () => {
  const value = `export const bug = { name: "bug", description: "K, L, then S" };`;
  assertEquals(definedPlugins(value), ["bug"]);
  assertEquals(definedPlugins(`rungeKutta("rk4", "classical, order 4", 4)`), ["rk4"]);
  assertEquals(definedPlugins(`registry.get("bug"); pick("a", "b"); // name: "x"`), []);
});

Deno.test("withoutComments() keeps text that looks like a comment", () => {
  assertEquals(
    withoutComments(`"http://x"; // gone\n'/* kept */' /* gone */`).trim(),
    [
      `"http://x"; `,
      `'/* kept */'`,
    ].join("\n"),
  );
});
