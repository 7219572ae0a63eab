import {
  assert,
  assertEquals,
  assertGreater,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import "../../tasks/recipes/mod.ts";
import { kinds, list } from "../../tasks/list.ts";
import { UsageError } from "../../tasks/usage_error.ts";

function listed(...args: string[]): string {
  let text = "";
  assertEquals(list(args, { write: (part: string) => (text += part) } as never), 0);
  return text;
}

Deno.test("list prints every plugin of every kind with its description", () => {
  const text = listed().replaceAll(/\n\s+/g, " ");
  assertGreater(kinds().size, 9);
  for (const [kind, table] of kinds()) {
    assertGreater(table.names().length, 0, kind);
    assert(listed(kind).startsWith(`${kind}\n`));
    for (const { name, description, options } of table.list()) {
      assertStringIncludes(text, `${name}: ${description}`);
      for (const [key, explanation] of Object.entries(options ?? {})) {
        const dashes = kind === "recipe" ? "--" : "";
        assertStringIncludes(text, ` ${dashes}${key}  ${explanation}`);
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

Deno.test("list finds a plugin by its other name, and tells it", () => {
  const text = listed("geolora");
  assertEquals(text, listed("parallel-bug"));
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
