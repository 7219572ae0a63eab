import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { readText, sourceFiles } from "./files.ts";
import { isSnakeCase, lengthsOf, LONG_FOR_A_REASON, tooLong } from "./style.ts";

const library = (await sourceFiles()).filter((f) => /^(?:core|layers|optimizers|tasks)\//.test(f));
const lines = new Map<string, number>();
for (const path of library) lines.set(path, (await readText(path)).trimEnd().split("\n").length);

Deno.test("no library file is above 500 lines without a reason", () => {
  assertEquals(tooLong(lines), []);
  for (const path of Object.keys(LONG_FOR_A_REASON)) {
    assert(lines.has(path), `${path} is excused but not there`);
  }
});

Deno.test("the middle library file has at most 120 lines and most have fewer than 300", () => {
  const lengths = lengthsOf([...lines.values()]);
  assertLessOrEqual(lengths.median, 120, JSON.stringify(lengths));
  assertGreater(lengths.under300, 0.9, JSON.stringify(lengths));
});

Deno.test("files are named in lower case with underscores", async () => {
  assertEquals((await sourceFiles()).filter((f) => !isSnakeCase(f)), []);
});

Deno.test("tooLong() sees a long file unless it is excused", () => {
  const counts = new Map([["a.ts", 501], ["b.ts", 500], ["c.ts", 900]]);
  assertEquals(tooLong(counts, { "c.ts": "a table" }), ["a.ts has 501 lines"]);
});

Deno.test("lengthsOf() summarises", () => {
  const expected = { files: 4, median: 20, under300: 0.75, longest: 400 };
  assertEquals(lengthsOf([400, 10, 20, 5]), expected);
});

Deno.test("isSnakeCase() refuses other spellings", () => {
  for (const good of ["core/a_b.ts", "mod.ts", "tests/a_test.ts", "_internal.ts"]) {
    assert(isSnakeCase(good), good);
  }
  for (const bad of ["core/aB.ts", "core/a-b.ts", "Core/a.ts"]) assert(!isSnakeCase(bad), bad);
});
