import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { readText, sourceFiles } from "./files.ts";
import { functionLengths, quantile } from "./functions.ts";

const library = (await sourceFiles()).filter((f) => /^(?:core|layers|optimizers|tasks)\//.test(f));

Deno.test("functions are short: median ≤ 10 lines, nine of ten ≤ 35", async () => {
  const lengths: number[] = [];
  for (const path of library) {
    lengths.push(...functionLengths(path, await readText(path)).map((f) => f.lines));
  }
  assertGreater(lengths.length, 200);
  assertLessOrEqual(quantile(lengths, 0.5), 10);
  assertLessOrEqual(quantile(lengths, 0.9), 35);
});

Deno.test("no library function is above 100 lines", async () => {
  const long: string[] = [];
  for (const path of library) {
    for (const f of functionLengths(path, await readText(path))) {
      if (f.lines > 100) long.push(`${path}:${f.line} has ${f.lines} lines`);
    }
  }
  assertEquals(long, []);
});

Deno.test("functionLengths() measures functions, methods and nested functions", () => {
  const text = [
    "/** Unicode before it: ∂Ω, 𝔽. */",
    "export function f(): number {",
    "  const g = () => {",
    "    return 1;",
    "  };",
    "  return g();",
    "}",
    "class C {",
    "  m() { return 2; }",
    "}",
    "const one = (x: number): number => x;",
  ].join("\n");
  const lengths = functionLengths("a.ts", text).sort((a, b) => a.line - b.line);
  assertEquals(lengths, [{ line: 2, lines: 6 }, { line: 3, lines: 3 }, { line: 9, lines: 1 }]);
});

Deno.test("quantile() takes the nearest rank", () => {
  assertEquals([quantile([4, 1, 3, 2], 0.5), quantile([4, 1, 3, 2], 0.9), quantile([], 0.5)], [
    2,
    4,
    0,
  ]);
});
