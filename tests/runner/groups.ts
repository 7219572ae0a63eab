import { readText, repositoryFiles } from "../repo/files.ts";
import { type Configuration, withConfig } from "./config.ts";
import { parseJunit, type TestCase } from "./junit.ts";
import { runCommand } from "./process.ts";
import type { Outcome } from "./tally.ts";

/** What the caller of a group may choose. */
export interface GroupOptions {
  /** Run only tests whose name contains this text; gates do not look at it. */
  readonly filter?: string;
  /** Configuration file to use in place of deno.json. */
  readonly config?: string;
  /** Processes that share the tests; default 1. */
  readonly shards?: number;
}

/** A gate or a set of tests that `deno task test` runs. */
export interface Group {
  /** Short name for `--only`. */
  readonly name: string;
  /** What it makes sure of. */
  readonly title: string;
  /** Runs it. */
  run(options: GroupOptions): Promise<Outcome>;
}

const ENTRIES = [
  ...["mod.ts", "core/mod.ts", "layers/mod.ts", "optimizers/mod.ts", "tasks/mod.ts"],
  "tasks/main.ts",
];

/** Every group in the order of `deno task test`: the quick ones first. */
export const groups: readonly Group[] = [
  gate("fmt", "format", ["fmt", "--check"]),
  gate("lint", "lint", ["lint"]),
  gate("console", "no console output in libraries", [
    "lint",
    "--rules-tags=",
    "--rules-include=no-console",
    "mod.ts",
    "core",
    "layers",
    "optimizers",
  ]),
  gate("types", "types of everything", ["check", "."]),
  gate("docs", "every public symbol documented", ["doc", "--lint", ...ENTRIES]),
  // Types are checked above; without a check, what JSR cannot publish is refused all the same.
  gate("publish", "publishing, dry run", ["publish", "--dry-run", "--allow-dirty", "--no-check"]),
  tests("unit", "unit, property, contract tests", ["tests", "--ignore=tests/e2e"]),
  examples([
    "--doc",
    "README.md",
    "docs/architecture.md",
    "mod.ts",
    "core",
    "layers",
    "optimizers",
    "tasks",
  ]),
  tests("e2e", "a demo run from end to end", ["tests/e2e"]),
];

/** A command that must succeed; counts as one. */
function gate(name: string, title: string, args: readonly string[]): Group {
  return {
    name,
    title,
    async run(): Promise<Outcome> {
      const done = await runCommand([Deno.execPath(), ...args]);
      const status = done.code === 0 ? "passed" : "failed";
      const suite = `deno ${args.join(" ")}`;
      return {
        cases: [{ suite, name: title, status, message: status === "failed" ? done.output : "" }],
        seconds: done.seconds,
      };
    },
  };
}

/** A `deno test` run whose cases are counted one by one. */
function tests(name: string, title: string, args: readonly string[]): Group {
  return {
    name,
    title,
    async run(options: GroupOptions): Promise<Outcome> {
      const start = performance.now();
      const count = name === "e2e" ? 1 : options.shards ?? 1;
      const shares = await shared(name, args, count === 1 || name !== "unit" ? count : 3 * count);
      const cases: TestCase[] = [];
      // Shares take unlike times: whoever is done takes the next one.
      const workers = Array.from({ length: count }, async () => {
        for (let next = shares.shift(); next; next = shares.shift()) {
          cases.push(...await runShare(name, next, options));
        }
      });
      await Promise.all(workers);
      return { cases, seconds: (performance.now() - start) / 1000 };
    },
  };
}

/**
 * The examples run among imports that Deno adds for each module, used or not, and on the backend
 * that people get: libraries of the system that it loads stay loaded.
 */
function examples(args: readonly string[]): Group {
  const plain = tests("examples", "documentation examples", args);
  const relaxed = (config: Configuration): Configuration => ({
    ...config,
    compilerOptions: { ...config.compilerOptions, noUnusedLocals: false },
    test: { ...config.test, sanitizeResources: false },
  });
  return {
    ...plain,
    run: (options) =>
      withConfig("deno.examples.json", relaxed, (config) => plain.run({ ...options, config })),
  };
}

/** Files of folders, dealt out: those of one folder, often slow together, to all in turn. */
async function shared(
  name: string,
  args: readonly string[],
  count: number,
): Promise<(readonly string[])[]> {
  if (count === 1) return [args];
  const flags = args.filter((arg) => arg.startsWith("--"));
  const places = args.filter((arg) => !flags.includes(arg));
  const wanted = name === "unit" ? /_test\.ts$/ : /\.(ts|md)$/;
  const all = (await repositoryFiles()).filter((f) =>
    wanted.test(f) && places.some((place) => f === place || f.startsWith(`${place}/`))
  );
  // Files that are named are loaded, too: of the library only those that have an example.
  const has = name === "unit" ? all.map(() => true) : await Promise.all(all.map(hasExample));
  const files = all.filter((_, i) => has[i]);
  return Array.from({ length: count }, (_, k) => [
    ...flags,
    ...files.filter((_, i) => i % count === k),
  ]);
}

async function hasExample(file: string): Promise<boolean> {
  return (await readText(file)).includes("```ts");
}

async function runShare(
  name: string,
  args: readonly string[],
  options: GroupOptions,
): Promise<TestCase[]> {
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  try {
    const command = [Deno.execPath(), "test", "-A", `--junit-path=${report}`];
    // Files are checked once, by a gate; the code of examples is in no file.
    if (name !== "examples") command.push("--no-check");
    if (options.filter) command.push(`--filter=${options.filter}`, "--permit-no-files");
    if (options.config) command.push(`--config=${options.config}`, "--no-lock");
    const done = await runCommand([...command, ...args]);
    const cases = judge(name, await Deno.readTextFile(report), done.code, done.output);
    return cases.filter((c) => isChosen(c, options.filter));
  } finally {
    await Deno.remove(report);
  }
}

/** Deno reports tests that the filter left out as skipped; those are nobody's business. */
function isChosen(c: TestCase, filter: string | undefined): boolean {
  return filter === undefined || c.status !== "skipped" || c.name.includes(filter);
}

/**
 * Reads a report and makes sure that no failure is lost: a run that stopped before it reported,
 * or failed outside of any test, counts as one failed test of its own.
 *
 * @param name The group.
 * @param xml The report, possibly empty.
 * @param code Exit status of the run.
 * @param output What the run printed.
 */
export function judge(name: string, xml: string, code: number, output: string): TestCase[] {
  const cases = xml.trim() === "" ? [] : parseJunit(xml);
  if (code === 0 || cases.some((c) => c.status === "failed")) return cases;
  const broken = { suite: name, name: `the ${name} run ends by itself`, message: output };
  return [...cases, { ...broken, status: "failed" }];
}
