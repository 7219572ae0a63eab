import { assert, assertEquals } from "@std/assert";
import { repositoryFiles, root } from "./files.ts";
import { findings, isBinary } from "./hygiene.ts";

Deno.test("no file holds an open task, a machine's path, a registry host or a conflict", async () => {
  const found: string[] = [];
  for (const path of await repositoryFiles()) {
    const bytes = await Deno.readFile(new URL(path, root));
    if (!isBinary(bytes)) found.push(...findings(path, new TextDecoder().decode(bytes)));
  }
  assertEquals(found, []);
});

Deno.test("no data set, checkpoint or binary above 200 kB is committed", async () => {
  const heavy: string[] = [];
  for (const path of await repositoryFiles()) {
    const { size } = await Deno.stat(new URL(path, root));
    if (size > 200_000 || /\.(?:safetensors|gz|npz|so|node|wasm)$/.test(path)) heavy.push(path);
  }
  assertEquals(heavy, []);
});

Deno.test("findings() sees what it is there for", () => {
  const bad = [
    "// TODO later",
    "x(); // FIXME",
    `const p = "/${"work"}/main/x";`,
    `cd /${"root"}/x`,
    "in /home/ada/x",
    `https://registry.${"npmjs"}.org/x`,
    "<<<<<<< HEAD",
  ];
  for (const line of bad) assertEquals(findings("core/a.ts", `\n${line}`).length, 1, line);
});

Deno.test("findings() lets ordinary text pass", () => {
  const good = "a method\nwork/main\nhttps://example.org/work/x\nframework/root\ntodo list\n";
  assertEquals(findings("core/a.ts", good), []);
});

Deno.test("isBinary() tells text from data", () => {
  assert(isBinary(new Uint8Array([1, 0, 2])));
  assert(!isBinary(new TextEncoder().encode("text ∂Ω")));
});
