/** docs/architecture.md is read by people who do not know better: what it names must be there. */

import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { readText, root, sourceFiles } from "./files.ts";

const page = await readText("docs/architecture.md");
const prose = page.replaceAll(/^```.*?^```/gms, "");
const quoted = [...new Set([...prose.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text!))];
const paths = quoted.filter((text) => /^[\w/]+(\.ts|\/)$/.test(text));
const symbols = quoted.filter((text) => /^[A-Za-z]\w*(\.[a-z]\w*)?$/.test(text));
/** Words of the language that are quoted, too. */
const WORDS = ["yield"];

async function isThere(path: string): Promise<boolean> {
  for (const base of ["", "core/training/"]) {
    const found = await Deno.stat(new URL(base + path, root)).catch(() => undefined);
    if (found) return true;
  }
  return false;
}

/** Whether a source declares a name, alone or as a member of a class, an interface or a record. */
function declares(source: string, symbol: string): boolean {
  const [owner, member] = symbol.split(".") as [string, string | undefined];
  const alone = (name: string) =>
    new RegExp(`\\b(?:const|function\\*?|class|interface|type) ${name}\\b`).test(source);
  const within = (name: string) =>
    new RegExp(`^ +(?:readonly |async )?\\*?${name}\\??(?:\\(|: |<)`, "m").test(source);
  if (member === undefined) return alone(owner) || within(owner);
  const type = owner[0]!.toUpperCase() + owner.slice(1);
  return alone(type) && within(member);
}

Deno.test("the page on architecture names files and folders that are there", async () => {
  assertGreater(paths.length, 50);
  const missing = [];
  for (const path of paths) if (!await isThere(path)) missing.push(path);
  assertEquals(missing, []);
});

Deno.test("the page on architecture names symbols that are declared", async () => {
  const library = (await sourceFiles()).filter((f) => /^(core|layers|optimizers|tasks)\//.test(f));
  const sources = await Promise.all(library.map(readText));
  const named = symbols.filter((symbol) => !WORDS.includes(symbol));
  assertGreater(named.length, 40);
  const missing = named.filter((symbol) => !sources.some((source) => declares(source, symbol)));
  assertEquals(missing, []);
});

Deno.test("declares() tells what is declared from what is used", () => {
  const source = [
    "export class Run {",
    "  async step(batch: Batch): Promise<void> {}",
    "  readonly seed?: number;",
    "}",
    "export async function* walk<T>(): T {}",
  ].join("\n");
  for (const name of ["Run", "Run.step", "run.step", "seed", "walk"]) {
    assertEquals([name, declares(source, name)], [name, true]);
  }
  for (const name of ["Batch", "Run.walk", "Walk", "ste"]) {
    assertEquals([name, declares(source, name)], [name, false]);
  }
});

Deno.test("the page on architecture is short, and tells how to add one of each kind", () => {
  assertLessOrEqual(page.trimEnd().split("\n").length, 250);
  const table = page.slice(page.indexOf("## How to add one of each kind"));
  for (const kind of ["integrator", "rule", "task", "adapter", "layer", "recipe", "regularizer"]) {
    assertGreater(table.indexOf(`\n| ${kind} `), 0, kind);
  }
});
