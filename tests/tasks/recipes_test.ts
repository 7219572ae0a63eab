/** Every recipe through what a reader and the command line expect of one; no row is needed. */

import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { recipes } from "../../tasks/recipe.ts";
import * as included from "../../tasks/recipes/mod.ts";
import { readText, sourceFiles } from "../repo/files.ts";

const own = recipes.list().filter((r) => (Object.values(included) as unknown[]).includes(r));
const files = (await sourceFiles()).filter((f) => /^tasks\/recipes\/(?!mod\.ts)/.test(f));
const readme = await readText("README.md");

function typed(options: ReturnType<(typeof own)[number]["read"]>): string[] {
  return Object.entries(options).map(([key, value]) => `--${key}=${value}`);
}

Deno.test("every file of tasks/recipes/ is one recipe, and short enough to be read at once", async () => {
  assertEquals(files.length, own.length);
  for (const path of files) {
    const text = await readText(path);
    const names = [...text.matchAll(/= recipe\(\{\n {2}name: "([\w-]+)"/g)].map(([, name]) =>
      name!
    );
    assertEquals(names.length, 1, path);
    assertEquals(path, `tasks/recipes/${names[0]!.replaceAll("-", "_")}.ts`);
    assertLessOrEqual(text.trimEnd().split("\n").length, 150, path);
  }
});

for (const recipe of own) {
  Deno.test(`${recipe.name} explains every option, and its defaults keep its own rules`, () => {
    assertGreater(Object.keys(recipe.options).length, 5);
    for (const [key, text] of Object.entries(recipe.options)) {
      assert(/^\w.* \(.*default /.test(text), `${key}: ${text}`);
    }
    const defaults = recipe.read([]);
    assertEquals(recipe.read(typed(defaults)), defaults);
  });

  Deno.test(`${recipe.name} has a row in the README's table`, () => {
    assertEquals(readme.split(`\n| \`${recipe.name}\` `).length, 2);
  });
}
