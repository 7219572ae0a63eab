import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { loadPlugins } from "../../tasks/plugins.ts";
import { UsageError } from "../../tasks/usage_error.ts";
import { inFolder } from "../support/command_line.ts";

/** Files that note when they are loaded. */
async function withFiles(
  names: readonly string[],
  check: (paths: string[], loaded: () => string[]) => Promise<void>,
): Promise<void> {
  const seen: string[] = [];
  Object.assign(globalThis, { noteLoaded: (name: string) => seen.push(name) });
  await inFolder(async (folder) => {
    const paths = names.map((name) => join(folder, `${name}.ts`));
    for (const [i, path] of paths.entries()) {
      await Deno.writeTextFile(path, `globalThis.noteLoaded(${JSON.stringify(names[i])});`);
    }
    await check(paths, () => [...seen]);
  });
  Reflect.deleteProperty(globalThis, "noteLoaded");
}

Deno.test("loadPlugins() loads files in their order and returns the other arguments", () =>
  withFiles(["one", "two words"], async ([one, two], loaded) => {
    const args = ["mnist", "--plugin", two!, "--rank", "8", `--plugin=${one}`, "--resume"];
    assertEquals(await loadPlugins(args), ["mnist", "--rank", "8", "--resume"]);
    assertEquals(loaded(), ["two words", "one"]);
    assertEquals(args.length, 7, "the arguments are left as they are");
  }));

Deno.test("loadPlugins() loads a file that is named twice once", () =>
  withFiles(["same"], async ([path], loaded) => {
    await loadPlugins(["--plugin", path!, "--plugin", path!]);
    assertEquals(loaded(), ["same"]);
  }));

Deno.test("loadPlugins() finds files from the current folder", () =>
  withFiles(["near"], async ([path], loaded) => {
    const before = Deno.cwd();
    Deno.chdir(join(path!, ".."));
    try {
      await loadPlugins(["--plugin", "./near.ts"]);
    } finally {
      Deno.chdir(before);
    }
    assertEquals(loaded(), ["near"]);
  }));

Deno.test("loadPlugins() without plugins leaves the arguments as they are", async () => {
  assertEquals(await loadPlugins(["a", "--b", "c"]), ["a", "--b", "c"]);
});

for (const args of [["--plugin"], ["--plugin", ""], ["--plugin="]]) {
  Deno.test(`loadPlugins() refuses ${JSON.stringify(args)}`, async () => {
    const error = await assertRejects(() => loadPlugins(args), UsageError);
    assertEquals(error.message, "Cannot load a plugin: expected --plugin FILE");
  });
}
