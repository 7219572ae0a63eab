import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readText } from "./files.ts";

interface Config {
  readonly tasks: Readonly<Record<string, { readonly description?: string }>>;
  readonly imports: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
  readonly allowScripts: { readonly deny: readonly string[] };
}

const config = JSON.parse(await readText("deno.json")) as Config;
const pinned = (await readText(".dvmrc")).trim();

/** Names after `deno task` or `npx -y deno@version task` in a text. */
function mentionedTasks(text: string): string[] {
  const names = text.matchAll(/deno(?:@[\d.]+)? task ([a-z][\w:-]*)/g);
  return [...new Set([...names].map((m) => m[1]!))];
}

Deno.test("every task says what it does", () => {
  for (const name of ["demo", "train", "list", "doctor", "report", "test", "bench"]) {
    assert(config.tasks[name]?.description, `task ${name} needs a description`);
  }
  for (const [name, task] of Object.entries(config.tasks)) {
    assert(task.description, `task ${name} needs a description`);
  }
});

Deno.test("the README names the pinned Deno version and no other", async () => {
  assertMatch(pinned, /^\d+\.\d+\.\d+$/);
  const readme = await readText("README.md");
  assertStringIncludes(readme, `deno@${pinned}`);
  const versions = [...readme.matchAll(/deno@(\d[\w.]*)/g)].map((m) => m[1]);
  assertEquals([...new Set(versions)], [pinned]);
});

Deno.test("every command in the README exists", async () => {
  const mentioned = mentionedTasks(await readText("README.md"));
  assert(mentioned.length > 0);
  assertEquals(mentioned.filter((name) => !(name in config.tasks)), []);
});

Deno.test("mentionedTasks() finds both spellings", () => {
  const text = "`deno task demo` or\n    npx -y deno@2.9.6 task setup:tensorflow --x";
  assertEquals(mentionedTasks(text), ["demo", "setup:tensorflow"]);
});

Deno.test("imports are pinned to exact versions", () => {
  for (const [name, target] of Object.entries(config.imports)) {
    if (/^(?:npm|jsr):/.test(target)) assertMatch(target, /@\d+\.\d+\.\d+$/, name);
  }
});

Deno.test("the lock file covers the imports of deno.json", async () => {
  const lock = JSON.parse(await readText("deno.lock")) as {
    workspace: { dependencies: string[] };
  };
  const wanted = Object.values(config.imports).filter((t) => /^(?:npm|jsr):/.test(t));
  assertEquals([...lock.workspace.dependencies].sort(), wanted.sort());
});

Deno.test("no task asks about the build scripts of packages", async () => {
  const lock = JSON.parse(await readText("deno.lock")) as {
    npm: Record<string, { scripts?: boolean }>;
  };
  const withScripts = Object.entries(lock.npm).filter(([, entry]) => entry.scripts);
  const names = withScripts.map(([name]) => `npm:${name.replace(/(?<=.)@.*$/, "")}`);
  assertEquals(names.filter((name) => !config.allowScripts.deny.includes(name)), []);
});

Deno.test("the lock file leaves out the backend that needs a setup: tasks fetch all it names", async () => {
  assert(!(await readText("deno.lock")).includes("tfjs-node-gpu"));
});

Deno.test("every export of the package is there", async () => {
  for (const path of Object.values(config.exports)) await readText(path);
});
