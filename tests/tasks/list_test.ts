import {
  assert,
  assertEquals,
  assertGreater,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { type Configurable, describeSettings } from "../../core/mod.ts";
import { recipes } from "../../tasks/recipe.ts";
import "../../tasks/recipes/mod.ts";
import { kinds, list } from "../../tasks/list.ts";
import { UsageError } from "../../tasks/usage_error.ts";

function listed(...args: string[]): string {
  let text = "";
  assertEquals(list(args, { write: (part: string) => (text += part) } as never), 0);
  return text;
}

Deno.test("list prints one line of every plugin of every kind", () => {
  const lines = listed().split("\n");
  assertGreater(kinds().size, 9);
  for (const [kind, table] of kinds()) {
    assertGreater(table.names().length, 0, kind);
    const own = listed(kind).trimEnd().split("\n");
    assertEquals(own[0], kind);
    assertEquals(own.length, 1 + table.names().length);
    for (const [i, { name, description }] of table.list().entries()) {
      const [shown, rest] = own[i + 1]!.split(/ …$/);
      assert(`  ${name}: ${description}`.startsWith(shown!), shown);
      assertEquals(rest === undefined, shown === `  ${name}: ${description}`);
      assert(lines.includes(own[i + 1]!));
    }
  }
});

Deno.test("list prints all that can be set of a plugin that is named", () => {
  let settable = 0;
  for (const [kind, table] of kinds()) {
    for (const plugin of table.list()) {
      const text = listed(`${kind}:${plugin.name}`).replaceAll(/\n\s+/g, " ");
      assertStringIncludes(text, `${plugin.name}: ${plugin.description}`);
      const { defaults = {}, limits = {} } = plugin as Partial<Configurable>;
      const settings = kind === "recipe" ? {} : describeSettings({ defaults, limits });
      for (const [key, explanation] of Object.entries(settings)) {
        settable++;
        assertStringIncludes(text, ` ${key}  ${explanation}`);
      }
    }
  }
  assertGreater(settable, 30);
});

Deno.test("list groups the options of a recipe by what they are about", () => {
  const lines = listed("cifar").split("\n");
  const groups = lines.filter((line) => /^ {4}\S.*:$/.test(line)).map((line) => line.trim());
  assertEquals(groups, ["data:", "network and its weights:", "steps:", "dense twin:", "run:"]);
  const flags = lines.flatMap((line) => /^ {6}--(\S+)/.exec(line)?.[1] ?? []);
  assertEquals(flags.toSorted(), Object.keys(recipes.get("cifar").options).toSorted());
  assert(lines.indexOf("    steps:") < lines.findIndex((line) => line.includes("--batch")));
});

Deno.test("every setting of every plugin that can be set has an explanation or limits", () => {
  for (const table of kinds().values()) {
    for (const plugin of table.list()) {
      const { defaults = {}, limits } = plugin as Partial<Configurable>;
      for (const key of Object.keys(defaults)) {
        if (table.kind !== "recipe") assert(limits?.[key], `${table.kind} ${plugin.name}: ${key}`);
      }
    }
  }
});

Deno.test("list keeps within 80 columns", () => {
  for (const line of listed().split("\n")) assert([...line].length <= 80, line);
});

Deno.test("list prints the kinds that are named, each once, in its own order", () => {
  const text = listed("optimizer", "integrator");
  assertEquals(text.split("\n").filter((line) => /^\S/.test(line)), ["integrator", "optimizer"]);
});

Deno.test("list prints plugins that are named", () => {
  const text = listed("pgd", "cifar");
  const names = [...text.matchAll(/^ {2}(\S+): /gm)].map(([, name]) => name);
  assertEquals(names, ["cifar", "pgd"]);
  assertEquals(text.split("\n").filter((line) => /^\S/.test(line)), ["recipe", "attack"]);
});

Deno.test("list takes a name that is a kind, too, as the kind, and a plugin after its kind", () => {
  assertEquals(listed("optimizer").split("\n")[0], "optimizer");
  assertEquals(
    listed("mover:optimizer"),
    "mover\n  optimizer: all variables at once, by the optimizer rule\n",
  );
  const text = listed("merging");
  assertStringIncludes(text, "mover\n  merging: ");
  assertStringIncludes(text, "\n      period  steps from one");
});

Deno.test("list finds a plugin by its other name, and tells it", () => {
  const text = listed("geolora");
  // An adapter has that name, too.
  assertStringIncludes(text, listed("parallel-bug").trimEnd());
  assertStringIncludes(text.replace(/\s+/g, " "), "parallel-bug: ");
  assertStringIncludes(text.replace(/\s+/g, " "), "; also geolora");
});

Deno.test("list refuses a kind that there is not", () => {
  const error = assertThrows(() => list(["optimiser"]), UsageError);
  assertEquals(error.message, 'Cannot list "optimiser": did you mean "optimizer"');
});

Deno.test("descriptions are one line without a full stop", () => {
  for (const [kind, table] of kinds()) {
    for (const { name, description } of table.list()) {
      assert(!/\n|\.$/.test(description) && description !== "", `${kind} ${name}: ${description}`);
    }
  }
});
